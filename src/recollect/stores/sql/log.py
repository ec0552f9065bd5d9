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

_ENTRIES = sa.select(change, tenant.c.user_id, tenant.c.project_id).join(tenant, change.c.tenant == tenant.c.key)


def history(connection: sa.Connection, memory_id: str) -> list[Change]:
    """Return every change of one memory, oldest first."""
    query = _ENTRIES.where(change.c.memory_id == memory_id).order_by(change.c.seq)
    return _changes(connection, connection.execute(query).mappings().all())


def changes(connection: sa.Connection, after: int, limit: int, reach: Reach | None) -> list[Change]:
    """Return up to `limit` changes after a place in the log."""
    query = _ENTRIES.where(change.c.seq > after).order_by(change.c.seq).limit(limit)
    if reach is not None:
        query = query.where(change.c.tenant.in_(tenants_in(connection, reach)))
    return _changes(connection, connection.execute(query).mappings().all())


def head(connection: sa.Connection) -> int:
    """Return the place of the latest entry."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(change.c.seq), 0))).scalar_one())


def _changes(connection: sa.Connection, rows: Sequence[Mapping[Any, Any]]) -> list[Change]:
    ids = sorted({row["memory_id"] for row in rows if row["verb"] != "delete"})
    states = _states(connection, ids)
    return [
        Change(row["seq"], moment(row["at"]), event, row["user_id"], row["project_id"])
        for row in rows
        if (event := _event(row, states)) is not None
    ]


def _states(connection: sa.Connection, ids: Sequence[str]) -> dict[tuple[str, int], Memory]:
    """Return each memory in each of its versions."""
    states: dict[tuple[str, int], Memory] = {}
    for part in some(ids):
        for row in connection.execute(select_memory().where(memory.c.id.in_(part))).mappings():
            states[row["id"], row["version"]] = from_row(row)
        query = sa.select(change.c.memory_id, change.c.version, change.c.before)
        for old in connection.execute(query.where(change.c.memory_id.in_(part), change.c.verb != "add")):
            if old.before is not None:
                states[old.memory_id, old.version - 1] = from_snapshot(old.before)
    return states


def _event(row: Mapping[Any, Any], states: Mapping[tuple[str, int], Memory]) -> Event | None:
    name, version = row["memory_id"], row["version"]
    if row["verb"] == "delete":
        return Delete(name)
    now = states.get((name, version))
    if now is None:
        return None
    if row["verb"] == "add":
        return Add(now)
    before = states[name, version - 1]
    return Retire(before, now) if row["verb"] == "retire" else Revise(before, now)
