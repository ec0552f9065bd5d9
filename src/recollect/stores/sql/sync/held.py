"""What this store holds of memories: the write each is in, and what it would send of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from recollect.merge import travels
from recollect.models import Memory, Stamp
from recollect.stores.sql.dump import memory_lines
from recollect.stores.sql.row import from_row, select_memory
from recollect.stores.sql.schema import change, memory, replica
from recollect.stores.sql.write import some

NEVER: Final = "never"
HERE: Final = "here"
BACK: Final = "called back"
"""Whether other stores may have a memory: not, as it is, or only as it was before it was called back."""


@dataclass(frozen=True, slots=True)
class Held:
    """One memory in this store; `key` and `tenant` are `None` where it is gone, `seq` is its latest change."""

    id: str
    stamp: Stamp
    key: int | None
    tenant: int | None
    seq: int
    via: str = ""
    born: bool = True
    outside: str = NEVER

    @property
    def as_sent(self) -> bool:
        """Whether this is still the state that `via` sent."""
        return self.via != ""


def held(connection: sa.Connection, ids: Iterable[str], own: str) -> dict[str, Held]:
    """Return what is known of each id; those never heard of are left out. `own` is the name of this store."""
    found: dict[str, Held] = {}
    for part in some(list(dict.fromkeys(ids))):
        marks = {
            row.memory_id: row for row in connection.execute(sa.select(replica).where(replica.c.memory_id.in_(part)))
        }
        there = sa.select(memory.c.id, memory.c.key, memory.c.tenant, memory.c.version).where(memory.c.id.in_(part))
        alive = {row.id: row for row in connection.execute(there)}
        log = sa.select(change.c.memory_id, change.c.seq, change.c.at, change.c.verb).where(
            change.c.memory_id.in_(part)
        )
        last = {row.memory_id: row for row in connection.execute(log.order_by(change.c.seq))}
        for name in part:
            one = _held(name, own, alive.get(name), marks.get(name), last.get(name))
            if one is not None:
                found[name] = one
    return found


def _held(name: str, own: str, row: Any, mark: Any, entry: Any) -> Held | None:
    seq = 0 if entry is None else entry.seq
    at = 0 if entry is None else entry.at
    if row is None and mark is None and (entry is None or entry.verb != "delete"):
        return None
    if mark is None:
        stamp = Stamp(1, row is None, 0 if row is None else row.version, at, own)
        return Held(name, stamp, *_place(row), seq)
    kept = Stamp(mark.life, mark.gone, mark.version, mark.at, mark.origin)
    same = mark.seq == seq and mark.gone == (row is None)
    if row is None:
        stamp = kept if mark.gone else Stamp(mark.life, True, 0, at, own)
    elif same:
        stamp = kept
    else:  # written here since; what was gone and is back begins another life
        stamp = Stamp(mark.life + mark.gone, False, row.version, at, own)
    return Held(name, stamp, *_place(row), seq, mark.via if same else "", mark.born, mark.outside)


def _place(row: Any) -> tuple[int | None, int | None]:
    return (None, None) if row is None else (row.key, row.tenant)


def memories(connection: sa.Connection, ids: Sequence[str]) -> dict[str, Memory]:
    """Return memories by id."""
    found: dict[str, Memory] = {}
    for part in some(ids):
        query = select_memory().where(memory.c.id.in_(part))
        found.update((row["id"], from_row(row)) for row in connection.execute(query).mappings())
    return found


def bodies(connection: sa.Connection, keys: Sequence[int]) -> dict[str, dict[str, Any]]:
    """Return what is sent of memories, by id.

    What replaced a memory may be a fact that each store derives by itself, under an id of its own: the turn it was
    derived from is told instead.
    """
    lines = {line["id"]: line for part in some(keys) for line in memory_lines(connection, part).values()}
    wanted = {line["superseded_by"] for line in lines.values() if line["superseded_by"]}
    told = memories(connection, sorted(wanted))
    for line in lines.values():
        other = told.get(line["superseded_by"] or "")
        if other is not None and not travels(other):
            line["superseded_by"] = next(iter(other.sources), None)
    return lines


def keep(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note which write of memories this store is in."""
    for part in some(rows):
        ids = [row["memory_id"] for row in part]
        connection.execute(sa.delete(replica).where(replica.c.memory_id.in_(ids)))
        connection.execute(sa.insert(replica), list(part))


def mark(one: Held, *, stamp: Stamp | None = None, **more: Any) -> dict[str, Any]:
    """Return the row of a memory in its present state, with changes."""
    now = stamp or one.stamp
    row = {"memory_id": one.id, "life": now.life, "gone": now.gone, "version": now.version, "at": now.at}
    row |= {"origin": now.origin, "seq": one.seq, "via": one.via, "born": one.born, "outside": one.outside}
    return row | more
