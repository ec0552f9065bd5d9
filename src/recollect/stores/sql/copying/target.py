"""The store that is filled: empty at first, without the ties between tables while rows come in, whole at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from recollect.errors import Conflict, StoreError
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import POSTGRESQL, is_postgresql
from recollect.stores.sql.migrate import analysis_of, note_analysis
from recollect.stores.sql.schema import metadata
from recollect.stores.sql.tables import KEPT, heads_of, present, set_heads

APART = 1 << 40
"""Where jobs are numbered from while a store is filled: what its own triggers leave meets none that is copied."""

_TIES = """
SELECT c.conrelid::regclass::text AS tied, c.conname AS name, pg_get_constraintdef(c.oid) AS said
FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
WHERE c.contype = 'f' AND n.nspname = current_schema() ORDER BY 1, 2
"""
_LOOSE = "SELECT conrelid::regclass::text, conname FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace "
_LOOSE += "WHERE contype = 'f' AND NOT convalidated AND nspname = current_schema()"

Tie = Sequence[str]
"""A table, the name of its tie to another one, and what that says."""


def clear(connection: sa.Connection) -> None:
    """Take out what every new store comes with; raise Conflict where anything was kept."""
    for table in reversed(present(connection)):
        if not connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            continue
        if table.name in KEPT:
            raise Conflict(
                f"The target is not empty: there are rows in {table.name}",
                hint="Name an empty database, another schema (--schema) or another file; nothing was changed.",
            )
        connection.execute(sa.delete(table))


def untie(connection: sa.Connection) -> list[Tie]:
    """Have rows come in any order; return the ties that were cut, for `tie`. SQLite's are its connection's own."""
    if not is_postgresql(connection):
        return []
    # Tables that are derived from ours keep their ties, and lose rows with them.
    ties: list[Tie] = [
        (row.tied, row.name, row.said)
        for row in connection.execute(sa.text(_TIES))
        if row.tied.strip('"') in metadata.tables
    ]
    for table, name, _ in ties:
        connection.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    return ties


def tie(connection: sa.Connection, ties: Sequence[Tie]) -> None:
    """Tie the tables again, for every row to come; `confirm` looks at those that are there."""
    there = {(row.tied, row.name) for row in connection.execute(sa.text(_TIES))} if is_postgresql(connection) else set()
    for table, name, said in ties:
        if (table, name) not in there:
            loose = said if said.endswith("NOT VALID") else f"{said} NOT VALID"
            connection.exec_driver_sql(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {loose}')


def confirm(database: Database) -> None:
    """Have PostgreSQL look at every row by the ties that were made anew, while others read and write."""
    if database.dialect.name == POSTGRESQL:
        for table, name in database.read_now(lambda connection: connection.exec_driver_sql(_LOOSE).all()):
            database.outside_now(f'ALTER TABLE {table} VALIDATE CONSTRAINT "{name}"')


def loosen(database: Database) -> None:
    """Have the connection that writes to a file take rows in any order."""
    if database.dialect.name != POSTGRESQL:
        database.outside_now("PRAGMA foreign_keys=OFF")


def check_loose(connection: sa.Connection) -> None:
    """Raise StoreError where deleting a row would take others along."""
    if not is_postgresql(connection) and connection.exec_driver_sql("PRAGMA foreign_keys").scalar():
        raise StoreError("The file's connection was lost while it was filled", hint="Start again; it goes on.")


def set_apart(connection: sa.Connection) -> None:
    """Number the jobs that the store's own triggers leave where no copied one is."""
    set_heads(connection, {"job": APART})


def set_straight(connection: sa.Connection, heads: Mapping[str, int], analysis: int) -> None:
    """Let numbers go on where the other store's end, by the same rules for terms."""
    set_heads(connection, heads)
    note_analysis(connection, analysis)


def bearings(connection: sa.Connection) -> tuple[dict[str, int], int]:
    """Return what `set_straight` takes over from a store."""
    return heads_of(connection), analysis_of(connection)
