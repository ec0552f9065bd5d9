"""Reading the change log: each entry with the memory as it then was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from recollect.models import Add, Change, Delete, Event, Memory, Reach, Retire, Revise
from recollect.stores.sql.row import from_row, from_snapshot, moment, select_memory
from recollect.stores.sql.schema import change, memory, tenant
from recollect.stores.sql.tenants import tenants_in
from recollect.stores.sql.write import some

_NOW = select_memory()
_ENTRIES = sa.select(change, tenant.c.user_id, tenant.c.project_id).join(tenant, change.c.tenant == tenant.c.key)


def history(connection: sa.Connection, memory_id: str) -> list[Change]:
    """Return every change of one memory, oldest first."""
    query = _ENTRIES.where(change.c.memory_id == memory_id).order_by(change.c.seq)
    return _changes(connection, connection.execute(query).mappings().all())


def changes(
    connection: sa.Connection, after: int, limit: int, reach: Reach | None, settled: int | None
) -> list[Change]:
    """Return up to `limit` changes after a place in the log, up to `settled` where that is a place."""
    query = _ENTRIES.where(change.c.seq > after).order_by(change.c.seq).limit(limit)
    if settled is not None:
        query = query.where(change.c.seq <= settled)
    if reach is not None:
        query = query.where(change.c.tenant.in_(tenants_in(connection, reach)))
    return _changes(connection, connection.execute(query).mappings().all())


def head(connection: sa.Connection, settled: int | None) -> int:
    """Return the place of the latest entry, of those up to `settled` where that is a place."""
    query = sa.select(sa.func.coalesce(sa.func.max(change.c.seq), 0))
    if settled is not None:
        query = query.where(change.c.seq <= settled)
    return int(connection.execute(query).scalar_one())


def _changes(connection: sa.Connection, rows: Sequence[Mapping[Any, Any]]) -> list[Change]:
    states = _states(connection, sorted({row["memory_id"] for row in rows if row["verb"] != "delete"}))
    return [
        Change(row["seq"], moment(row["at"]), event, row["user_id"], row["project_id"])
        for row in rows
        if (event := _event(row, states)) is not None
    ]


def _states(connection: sa.Connection, ids: Sequence[str]) -> dict[int, Memory]:
    """Return what each entry left behind: what the next one found, or the memory as it is now.

    Versions do not tell: two that were written on two machines at once have the same number.
    """
    states: dict[int, Memory] = {}
    for part in some(ids):
        later = {row["id"]: from_row(row) for row in connection.execute(_NOW.where(memory.c.id.in_(part))).mappings()}
        query = sa.select(change.c.seq, change.c.memory_id, change.c.before).order_by(change.c.seq.desc())
        for entry in connection.execute(query.where(change.c.memory_id.in_(part), change.c.verb != "delete")):
            if entry.memory_id in later:
                states[entry.seq] = later[entry.memory_id]
            if entry.before is not None:
                later[entry.memory_id] = from_snapshot(entry.before)
    return states


def _event(row: Mapping[Any, Any], states: Mapping[int, Memory]) -> Event | None:
    if row["verb"] == "delete":
        return Delete(row["memory_id"])
    now = states.get(row["seq"])
    if now is None:
        return None
    if row["verb"] == "add":
        return Add(now)
    before = from_snapshot(row["before"])
    return Retire(before, now) if row["verb"] == "retire" else Revise(before, now)
