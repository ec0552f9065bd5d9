"""Retention over the SQL core: each batch of a run, and each of its undoing, is one transaction that notes itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from recollect.errors import Conflict
from recollect.exchange import Revision
from recollect.models import Chunk, Measure, Memory, Outlook, Policy, Reach, Run, RunState, Scope, Task
from recollect.ports import Clock
from recollect.stores.sql.database import Database
from recollect.stores.sql.keep import runs
from recollect.stores.sql.keep.boxes import Boxes
from recollect.stores.sql.keep.candidates import SHELVING, Meeting, candidates, nearly, outlook, still, unsummed
from recollect.stores.sql.keep.circle import circle
from recollect.stores.sql.keep.lines import open_
from recollect.stores.sql.keep.purge import empty_tenants, empty_waste
from recollect.stores.sql.keep.shelve import AWAY, HERE, filled, sent, shelve
from recollect.stores.sql.keep.small import Quantised, Vacuumed, quantise, sharpen, vacuum
from recollect.stores.sql.keep.waste import Put, archived, bring_back, chunks_of, page, put_deleted, put_revised
from recollect.stores.sql.lock import TENANT, hold
from recollect.stores.sql.row import from_row, from_snapshot, micros, select_memory
from recollect.stores.sql.schema import center, memory, node, retention_run, tenant, waste
from recollect.stores.sql.tenants import tenants_in
from recollect.stores.sql.write import push_jobs, some

AT_ONCE: Final = 200
"""Memories that one transaction is about: writers wait for no longer than it takes."""

TALKS: Final = 50
"""Conversations that are handed out to be summed up at a time."""

Index = Callable[[Memory], Sequence[Chunk]]


@dataclass(frozen=True, slots=True)
class Undone:
    """How many memories came back, and how many stay as they are: changed, written again or deleted since."""

    restored: int = 0
    kept: int = 0


class SqlRetention:
    """What policies do, over one database.

    `files` names clients whose memories are files and left alone; conversations of `fewest` turns can be summed up.
    """

    def __init__(
        self, database: Database, boxes: Boxes, clock: Clock, *, files: Sequence[str] = (), fewest: int = 0
    ) -> None:
        self.boxes = boxes
        self._database, self._clock, self._files, self._fewest = database, clock, files, fewest

    async def outlook(self, policy: Policy) -> Outlook:
        """Return what a policy would do now."""
        meeting = self._meeting(policy, self._clock.now())
        return await self._database.read(lambda connection: outlook(connection, meeting))

    async def unsummed(self, policy: Policy, after: int) -> tuple[int, list[tuple[str, str, str]]]:
        """Return some conversations (user, project, name) that are to be summed up, and where to go on after them."""
        meeting = self._meeting(policy, self._clock.now())
        rows = await self._database.read(lambda connection: unsummed(connection, meeting, after, TALKS))
        return (rows[-1].key if rows else after), [(row.user_id, row.project_id, row.name) for row in rows]

    async def vacuum(self, seconds: float, *, full: bool = False) -> Vacuumed:
        """Give free pages back to the system, for about so many seconds; `full`: write everything anew, tightly."""
        return await vacuum(self._database, seconds, full=full)

    async def quantise(self, *, back: bool = False) -> Quantised:
        """Keep vectors with eight bits a number; `back`: have those made anew with sixteen."""
        return await (sharpen(self._database, micros(self._clock.now())) if back else quantise(self._database))

    async def begin(self, policy: Policy, run_id: str) -> Run:
        """Return a new run, or the one of this policy that was broken off; raise Conflict where it may not be.

        In a store that exchanges with others only deleting travels as it should.
        """
        now = micros(self._clock.now())

        def work(connection: sa.Connection) -> Run:
            if policy.action is not Measure.DELETE and _exchanges(connection):
                raise Conflict(
                    f"This store exchanges with others, which policy {policy.name!r} ({policy.action}) would not reach",
                    hint="Only policies that delete run in a store that has a center or nodes.",
                )
            return runs.begin(connection, run_id, policy, now)

        await self.boxes.sweep()
        return await self._database.write(work)

    async def step(self, run: Run) -> Run | None:
        """Do the next batch of a run; return it as it then is, or `None` at its end. Doing it again does nothing."""
        meeting = self._meeting(runs.read(run.rules), run.begun_at)
        after = run.last
        keys = await self._database.read(lambda connection: candidates(connection, meeting, after, AT_ONCE))
        if not keys:
            now = micros(self._clock.now())
            await self._database.write(lambda connection: runs.end(connection, run.key, now))
            return None
        if meeting.policy.action in SHELVING:
            await self._shelve(run, meeting, keys)
        else:
            await self._unshelved(keys)
            await self._database.write(lambda connection: self._put(connection, run, meeting, keys))
        return await self.run(run.id)

    async def fail(self, run: Run, why: str) -> None:
        """Note why a run has not come to its end; it is taken up again by the next."""
        here = sa.update(retention_run).where(retention_run.c.key == run.key).values(error=why[:500])
        await self._database.write(lambda connection: connection.execute(here))

    async def undo(self, run: Run, index: Index) -> Undone:
        """Bring back what a run put away, as it was; raise Conflict for a run that is at work or past its time."""
        if run.state not in (RunState.DONE, RunState.RUNNING):
            raise Conflict(f"The run {run.id} is {run.state}", hint="It can not be undone any more.")
        now = micros(self._clock.now())
        await self._database.write(lambda connection: runs.end(connection, run.key, now, error="undone"))
        done = Undone()
        while True:
            part = await self._database.read(lambda connection: page(connection, run.key, AT_ONCE))
            if not part:
                break
            chunks = chunks_of([body for _, body in part], index)
            keys = [key for key, _ in part]
            back, kept = await self._database.write(partial(self._back, run=run, keys=keys, chunks=chunks))
            done = Undone(done.restored + back, done.kept + kept)
        done = Undone(done.restored + await self._off_the_shelf(run), done.kept)
        await self._database.write(lambda connection: runs.set_state(connection, run.key, RunState.UNDONE))
        return done

    async def expire(self, days: float) -> int:
        """Let go of what was deleted longer ago; return how many runs can no longer be undone."""
        now = self._clock.now()
        before = micros(now - timedelta(days=days))

        def work(connection: sa.Connection) -> int:
            gone = [run for run in runs.over(connection, before) if run.action not in SHELVING]
            for run in gone:
                connection.execute(sa.delete(waste).where(waste.c.run == run.key))
                runs.set_state(connection, run.key, RunState.EXPIRED)
            if gone:
                push_jobs(connection, [Task("scrub", {})], micros(now))
            return len(gone)

        return await self._database.write(work)

    async def run(self, run_id: str) -> Run:
        """Return a run by its id, or the end of it; raise NotFound."""
        return await self._database.read(lambda connection: runs.by_id(connection, run_id))

    async def runs(self, limit: int = 50) -> list[Run]:
        """Return runs, the latest first; of those that are over, only what met anything."""
        return await self._database.read(lambda connection: runs.latest(connection, limit))

    async def last(self) -> dict[str, datetime]:
        """Return by policy when it last began to run; a run that met nothing counts too."""
        return await self._database.read(runs.last_begun)

    async def broken(self) -> list[Run]:
        """Return the runs that failed and wait to be taken up again."""
        return await self._database.read(runs.broken)

    async def empty(self, reach: Reach, met: Callable[[Memory], bool] | None = None) -> int:
        """Let go of what lies in the waste of a reach, of that only what meets a condition; return how much it was."""

        def work(connection: sa.Connection) -> int:
            tenants = tenants_in(connection, reach)
            if not tenants:
                return 0
            if reach.conversation_id is None and reach.agent_id is None and met is None:
                gone = empty_tenants(connection, tenants)
            else:
                gone = empty_waste(connection, _met(connection, tenants, reach, met))
            return self._scrubbed(connection, gone)

        return await self._database.write(work)

    async def thrown(self, reach: Reach, met: Callable[[Memory], bool] | None = None) -> dict[str, list[str]]:
        """Return what `empty` would let go of: by id, every text the memory ever had."""

        def work(connection: sa.Connection) -> dict[str, list[str]]:
            tenants = tenants_in(connection, reach)
            return dict(_meant_in(connection, tenants, reach, met)) if tenants else {}

        return await self._database.read(work)

    async def empty_ids(self, ids: Sequence[str]) -> int:
        """Let go of what lies in the waste of these memories."""
        return await self._database.write(lambda connection: self._scrubbed(connection, empty_waste(connection, ids)))

    async def wasted(self, memory_id: str) -> Scope | None:
        """Return whose memory lies in the waste under an id, `None` where there is none."""
        query = sa.select(tenant.c.user_id, tenant.c.project_id).join(waste, waste.c.tenant == tenant.c.key)
        query = query.where(waste.c.memory_id == memory_id).limit(1)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else Scope(row.user_id, row.project_id)

    async def holding(self, ids: Collection[str]) -> dict[str, list[str]]:
        """Return which of these ids lie in the waste or in boxes, by where.

        Reads all of them; raises StoreError for a box that cannot be read.
        """
        wanted = set(ids)
        query = sa.select(waste.c.memory_id).distinct()
        thrown = await self._database.read(lambda connection: set(connection.execute(query).scalars()) & wanted)
        found = {"waste": sorted(thrown)} if thrown else {}
        for place, texts in (await self.boxes.every()).items():
            if held := sorted(wanted & texts.keys()):
                found[place] = held
        return found

    def _scrubbed(self, connection: sa.Connection, gone: int) -> int:
        if gone:
            push_jobs(connection, [Task("scrub", {})], micros(self._clock.now()))
        return gone

    def _meeting(self, policy: Policy, now: datetime) -> Meeting:
        return Meeting(policy, now, self._files, self._fewest)

    async def _shelve(self, run: Run, meeting: Meeting, keys: Sequence[int]) -> None:
        away = _away(meeting.policy.action, self.boxes)
        most = AWAY if away else HERE
        boxes = await self._database.read(lambda connection: filled(connection, keys, most))
        if away and self.boxes.vault is not None:
            boxes = await sent(self._database, self.boxes.vault, boxes)
        now = micros(self._clock.now())

        def work(connection: sa.Connection) -> None:
            put = shelve(connection, run.key, boxes, now)
            runs.step(connection, run.key, run.last, keys[-1], put)

        await self._database.write(work)

    async def _unshelved(self, keys: Sequence[int]) -> None:
        """Bring the texts back of what is about to be changed, and of what goes with it."""

        def look(connection: sa.Connection) -> list[str]:
            query = sa.select(memory.c.id).where(memory.c.key.in_(keys))
            return list(circle(connection, list(connection.execute(query).scalars())).gone)

        await self.boxes.restore(await self._database.read(look))

    def _put(self, connection: sa.Connection, run: Run, meeting: Meeting, keys: Sequence[int]) -> None:
        now = micros(self._clock.now())
        owners = connection.execute(sa.select(memory.c.tenant).where(memory.c.key.in_(keys)).distinct()).scalars()
        hold(connection, TENANT, owners)
        left = still(connection, meeting, keys)
        rows = connection.execute(select_memory().where(memory.c.key.in_(left)).order_by(memory.c.key)).mappings()
        items = [from_row(row) for row in rows]
        action = meeting.policy.action
        put = Put()
        if action is Measure.DELETE:
            put = put_deleted(connection, run.key, [item.id for item in items], now)
        elif action is Measure.ARCHIVE:
            put = put_revised(connection, run.key, [archived(item) for item in items], now)
        else:
            for item in items:
                put = put + _merge(connection, run.key, item, now)
        runs.step(connection, run.key, run.last, keys[-1], put)

    def _back(self, connection: sa.Connection, run: Run, keys: Sequence[int], chunks: Any) -> tuple[int, int]:
        found = bring_back(connection, keys, chunks, micros(self._clock.now()))
        runs.undone(connection, run.key, found[0])
        return found

    async def _off_the_shelf(self, run: Run) -> int:
        done = 0
        while ids := await self.boxes.shelved(run.key, AT_ONCE):
            back = await self.boxes.restore(ids)
            await self._database.write(partial(runs.undone, key=run.key, back=back))
            done += back
        return done


def _away(action: Measure, boxes: Boxes) -> bool:
    """Whether texts go to object storage: cold ones, and those of summed up turns where there is one."""
    return action is Measure.COLD or (action is Measure.SUMMARISE and boxes.vault is not None)


def _merge(connection: sa.Connection, run: int, older: Memory, now: int) -> Put:
    """Count a memory in the newest that says nearly the same, and delete it."""
    newer, old = memory.alias("newer"), memory.alias("old")
    near = sa.select(newer.c.id).where(old.c.id == older.id, nearly(old, newer)).order_by(newer.c.key.desc()).limit(1)
    name = connection.execute(near).scalar()
    if name is None:
        return Put()
    put = put_deleted(connection, run, [older.id], now)
    row = connection.execute(select_memory().where(memory.c.id == name)).mappings().first()
    if not put.memories or row is None:
        return Put()
    item = from_row(row)
    sources = tuple(dict.fromkeys((*item.sources, *older.sources)))
    more = replace(
        item,
        repeats=item.repeats + older.repeats,
        sources=sources,
        importance=max(item.importance, older.importance),
        version=item.version + 1,
    )
    return put + replace(put_revised(connection, run, [Revision(more)], now), memories=0)


def _exchanges(connection: sa.Connection) -> bool:
    ends = (sa.select(node.c.key), sa.select(center.c.key).where(center.c.store != ""))
    return any(connection.execute(end.limit(1)).first() for end in ends)


def _met(
    connection: sa.Connection, tenants: Sequence[int], reach: Reach, met: Callable[[Memory], bool] | None
) -> list[str]:
    """Return the ids of what lies in the waste of tenants and is meant."""
    return [name for name, _ in _meant_in(connection, tenants, reach, met)]


def _meant_in(
    connection: sa.Connection, tenants: Sequence[int], reach: Reach, met: Callable[[Memory], bool] | None
) -> Iterator[tuple[str, list[str]]]:
    """Yield the id and the texts of what lies in the waste of tenants and is meant."""
    keys = list(connection.execute(sa.select(waste.c.key).where(waste.c.tenant.in_(tenants))).scalars())
    for part in some(keys, AT_ONCE):
        for (body,) in connection.execute(sa.select(waste.c.body).where(waste.c.key.in_(part))):
            lines = open_(bytes(body))["lines"]
            for sort, values in lines:
                if sort == "memory" and _meant(from_snapshot(values), reach, met):
                    yield values["id"], [values["text"], *_before(lines)]


def _before(lines: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """Yield the texts that a memory had before."""
    for sort, values in lines:
        if sort == "change" and values["before"] and values["before"].get("text"):
            yield values["before"]["text"]


def _meant(item: Memory, reach: Reach, met: Callable[[Memory], bool] | None) -> bool:
    inside = reach.conversation_id in {None, item.scope.conversation_id} and reach.agent_id in {
        None,
        item.scope.agent_id,
    }
    return inside and (met is None or met(item))
