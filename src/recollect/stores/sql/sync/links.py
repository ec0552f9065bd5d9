"""How far this store is with its center: one row, which also holds the name of this store."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from recollect.models import Link
from recollect.stores.sql.row import micros, moment
from recollect.stores.sql.schema import center

_ROW: Final = center.c.key == 1
_TIMES: Final = ("done_at", "tried_at")
_FRESH: Final[Mapping[str, Any]] = {
    "key": 1,
    "store": "",
    "rules": "",
    "model": "",
    "pulled": 0,
    "pushed": 0,
    "ahead": 0,
    "refused": 0,
    "paused": False,
    "error": "",
    "holder": "",
    "held_until": 0,
}


def own_name(connection: sa.Connection) -> str:
    """Return the name of this store, empty before it has ever exchanged anything."""
    return connection.execute(sa.select(center.c.own).where(_ROW)).scalar() or ""


def ensure_named(connection: sa.Connection) -> str:
    """Return the name of this store; the first time, give it one: 128 random bits."""
    found = own_name(connection)
    if not found:
        found = os.urandom(16).hex()
        connection.execute(sa.insert(center).values(**_FRESH, own=found))
    return found


def read_link(connection: sa.Connection) -> Link:
    """Return how far this store is."""
    row = connection.execute(sa.select(center).where(_ROW)).mappings().first()
    if row is None:
        return Link()
    values = {name: row[name] for name in Link.__dataclass_fields__}
    values |= {name: None if values[name] is None else moment(values[name]) for name in _TIMES}
    return Link(**values)


def write_link(connection: sa.Connection, changes: Mapping[str, Any]) -> Link:
    """Change fields of the row; return how it is then."""
    ensure_named(connection)
    values = {name: micros(value) if name in _TIMES and value is not None else value for name, value in changes.items()}
    if values:
        connection.execute(sa.update(center).where(_ROW).values(**values))
    return read_link(connection)


def hold_link(connection: sa.Connection, holder: str, now: int, until: int) -> bool:
    """Take the exchange for oneself until then; `False` while another process has it."""
    ensure_named(connection)
    free = sa.or_(center.c.holder.in_(["", holder]), center.c.held_until <= now)
    taken = sa.update(center).where(_ROW, free).values(holder=holder, held_until=until)
    return connection.execute(taken).rowcount == 1


def free_link(connection: sa.Connection, holder: str) -> None:
    """Give the exchange back."""
    connection.execute(sa.update(center).where(_ROW, center.c.holder == holder).values(holder="", held_until=0))
