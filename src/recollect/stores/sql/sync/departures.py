"""What departs: from a place in the change log on, every memory that changed, once, as it is now."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from recollect.merge import travels
from recollect.models import Departing, Going, Kind, Memory, Replica, Stamp
from recollect.stores.sql.log import head as last_of
from recollect.stores.sql.schema import change, chunk, derivation, memory, model, vector
from recollect.stores.sql.sync.held import BACK, HERE, Held, bodies, held, mark, memories
from recollect.stores.sql.write import some

Judge = Callable[[Memory], Going]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: from where in the log, how much, for whom, and with whose vectors."""

    after: int
    limit: int
    room: int
    to: str = ""
    model: str = ""
    settled: int | None = None


def departures(
    connection: sa.Connection, asked: Asked, judge: Judge, own: str
) -> tuple[Departing, list[dict[str, Any]], list[Held]]:
    """Return one page, what must be noted before it is sent (that others may have what leaves), and what both rest on.

    What `to` itself sent is left out, and so are deletes of what nobody else ever had.
    """
    head = last_of(connection, asked.settled)
    log = sa.select(change.c.seq, change.c.memory_id).where(change.c.seq > asked.after, change.c.seq <= head)
    log = log.order_by(change.c.seq)
    rows = connection.execute(log.limit(asked.limit)).all()
    if not rows:
        return Departing((), max(asked.after, head), head), [], []
    states = held(connection, [row.memory_id for row in rows], own)
    ready = [states[row.memory_id] for row in rows if row.memory_id in states and states[row.memory_id].seq == row.seq]
    ready = [one for one in ready if not asked.to or one.via != asked.to]
    fitting = _fitting(connection, ready, asked.room)
    end = rows[-1].seq if len(fitting) == len(ready) else fitting[-1].seq
    page = _Page(connection, judge, own)
    page.add(fitting)
    return Departing(page.replicas(asked.model), end, head), page.marks, page.seen


def _fitting(connection: sa.Connection, ready: Sequence[Held], room: int) -> Sequence[Held]:
    """Return the first of them, at least one, whose texts are not longer than `room` characters together."""
    sizes: dict[int, int] = {}
    for part in some([one.key for one in ready if one.key is not None]):
        query = sa.select(memory.c.key, sa.func.length(memory.c.text)).where(memory.c.key.in_(part))
        sizes.update((key, size) for key, size in connection.execute(query))
    total = 0
    for place, one in enumerate(ready):
        total += sizes.get(one.key or 0, 0)
        if total > room and place:
            return ready[:place]
    return ready


class _Page:
    """Decides about memories, and gathers what goes."""

    def __init__(self, connection: sa.Connection, judge: Judge, own: str) -> None:
        self._connection = connection
        self._judge = judge
        self._own = own
        self._alive: list[Held] = []
        self._gone: list[Replica] = []
        self.marks: list[dict[str, Any]] = []
        self.seen: list[Held] = []

    def add(self, ready: Iterable[Held]) -> None:
        """Take memories up; what was told from those that are called back is called back with them."""
        waiting = list(ready)
        while waiting:
            self.seen += waiting
            there = memories(self._connection, [one.id for one in waiting if one.key is not None])
            back = [one.id for one in waiting if self._add(one, there.get(one.id))]
            waiting = [one for one in held(self._connection, self._told_from(back), self._own).values() if one.key]

    def _add(self, one: Held, item: Memory | None) -> bool:
        """Take one up; tell whether it is called back by this."""
        if item is None:
            if one.outside == HERE:
                self._gone.append(Replica(one.id, one.stamp))
                self.marks += [] if one.as_sent else [mark(one)]
            return False
        going = self._going(item)
        if going is Going.YES:
            self._alive.append(one)
            if one.outside != HERE:
                self.marks.append(mark(one, outside=HERE))
        elif going is Going.PRIVATE and one.born and one.outside == HERE:
            self._call_back(one, one.stamp.life)
            self.marks.append(mark(one, stamp=replace(one.stamp, life=one.stamp.life + 1), outside=BACK))
            return True
        elif one.outside == BACK:
            self._call_back(one, one.stamp.life - 1)
        return False

    def _call_back(self, one: Held, life: int) -> None:
        self._gone.append(Replica(one.id, Stamp(life, True, 0, one.stamp.at, one.stamp.origin)))

    def _going(self, item: Memory) -> Going:
        """Return what is decided about a memory: a summary goes where all it tells of goes."""
        if not travels(item):
            return Going.NO
        going = self._judge(item)
        if item.kind is not Kind.SUMMARY or going is not Going.YES:
            return going
        found = {self._judge(source) for source in memories(self._connection, item.sources).values()}
        return Going.PRIVATE if Going.PRIVATE in found else Going.NO if Going.NO in found else Going.YES

    def _told_from(self, ids: Sequence[str]) -> list[str]:
        found: list[str] = []
        for part in some(ids):
            query = sa.select(memory.c.id).join(derivation, derivation.c.memory == memory.c.key)
            summaries = query.where(derivation.c.source.in_(part), memory.c.kind == Kind.SUMMARY)
            found += _ids(self._connection, summaries)
        return found

    def replicas(self, name: str) -> tuple[Replica, ...]:
        """Return all that goes: first what is gone, so that keys are free again."""
        keys = [one.key for one in self._alive if one.key is not None]
        lines = bodies(self._connection, keys)
        vectors = _vectors(self._connection, keys, name) if name else {}
        return (
            *self._gone,
            *(
                Replica(one.id, one.stamp, _dated(lines[one.id], one.stamp), vectors.get(one.id, ()))
                for one in self._alive
            ),
        )


def _ids(connection: sa.Connection, query: sa.Select[tuple[str]]) -> list[str]:
    """Return the ids a query selects."""
    return [str(row[0]) for row in connection.execute(query.distinct())]


def _dated(line: Mapping[str, Any], stamp: Stamp) -> dict[str, Any]:
    return {**line, "added_at": stamp.at, "added_version": stamp.version}


def _vectors(connection: sa.Connection, keys: Sequence[int], name: str) -> dict[str, tuple[Mapping[str, Any], ...]]:
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for part in some(keys):
        query = (
            sa.select(memory.c.id, chunk.c.start, chunk.c.end, model.c.dimension, vector.c.code)
            .select_from(
                vector.join(chunk, vector.c.chunk == chunk.c.key)
                .join(memory, chunk.c.memory == memory.c.key)
                .join(model, vector.c.model == model.c.key)
            )
            .where(model.c.name == name, memory.c.key.in_(part))
            .order_by(chunk.c.key)
        )
        for row in connection.execute(query):
            code = base64.b64encode(row.code).decode("ascii")
            line = {"memory": row.id, "start": row.start, "end": row.end, "model": name}
            found[row.id] = (*found.get(row.id, ()), {**line, "dimension": row.dimension, "code": code})
    return found
