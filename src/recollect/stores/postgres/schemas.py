"""Schemas as places for whole stores: what is in one, and the change-over from one to another."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, LiteralString, TypeVar

import psycopg
from psycopg import sql

from recollect.errors import Conflict
from recollect.stores.postgres.errors import translated
from recollect.stores.postgres.server import LOCK_SECONDS, server_url
from recollect.stores.postgres.walls import OPEN
from recollect.stores.sql.lock import HOLD_SCHEMA
from recollect.stores.sql.tables import KEPT

T = TypeVar("T")

SECONDS: Final = LOCK_SECONDS
"""Longest wait for those who use a store that is moved."""


class Found(StrEnum):
    """What is in a schema."""

    NOTHING = "nothing"
    FRESH = "a store that nothing was kept in"
    STORE = "a store"
    OTHER = "something else"


def look(url: str, schema: str) -> Found:
    """Return what is in a schema; raise StoreError where the server cannot be asked."""
    return _asked(url, lambda connection: _found(connection, schema))


def change_over(url: str, side: str, schema: str, *, aside: str | None) -> None:
    """Let the store in the schema `side` be the one in `schema`, at once for everybody.

    What is there goes under the name `aside`; without one there may be nothing that was kept. Raises Conflict.
    """

    def work(connection: psycopg.Connection[Any]) -> None:
        connection.execute(HOLD_SCHEMA)
        for table in _kept(connection, schema):  # so that nobody writes between the look and the change
            connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(table))
        found = _found(connection, schema)
        if found is Found.OTHER or (found is Found.STORE and aside is None):
            raise Conflict(f"Meanwhile there is {found} in the schema {schema}", hint="Nothing was changed.")
        if aside is not None and found is Found.STORE:
            connection.execute(_quoted("ALTER SCHEMA {} RENAME TO {}", schema, aside))
        elif found is not Found.NOTHING:
            connection.execute(_quoted("DROP SCHEMA {} CASCADE", schema))
        else:
            connection.execute(_quoted("DROP SCHEMA IF EXISTS {} RESTRICT", schema))
        connection.execute(_quoted("ALTER SCHEMA {} RENAME TO {}", side, schema))

    _asked(url, work)


def drop(url: str, schema: str) -> None:
    """Remove a schema with all that is in it, if it is there."""
    _asked(url, lambda connection: connection.execute(_quoted("DROP SCHEMA IF EXISTS {} CASCADE", schema)))


def _asked(url: str, work: Callable[[psycopg.Connection[Any]], T]) -> T:
    address = server_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with translated(), psycopg.connect(address, connect_timeout=SECONDS) as connection:
        connection.execute(f"SET LOCAL lock_timeout = '{SECONDS}s'")
        connection.execute("SET LOCAL client_min_messages = warning")
        connection.execute(OPEN)  # behind a wall every table looks empty
        return work(connection)


def _quoted(text: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*map(sql.Identifier, names))


def _found(connection: psycopg.Connection[Any], schema: str) -> Found:
    there = _tables(connection, schema)
    if not there:
        return Found.NOTHING
    if "alembic_version" not in there or "memory" not in there:
        return Found.OTHER
    for table in _kept(connection, schema):
        if connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(table)).fetchone():
            return Found.STORE
    return Found.FRESH


def _tables(connection: psycopg.Connection[Any], schema: str) -> set[str]:
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
    return {str(name) for (name,) in rows}


def _kept(connection: psycopg.Connection[Any], schema: str) -> list[sql.Identifier]:
    """Return the tables of a store that tell whether anything was kept in it."""
    return [sql.Identifier(schema, name) for name in sorted(_tables(connection, schema) & set(KEPT))]
