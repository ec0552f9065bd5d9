"""The list of what changes in a store while it is copied: the database itself writes it, whoever changes a row.

An entry names a table and a key, nothing else. What is true of that row is read when the entry is dealt with, so that
entries may be dealt with twice, and in any order that keeps the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from recollect.stores.sql.copying.note import OWN
from recollect.stores.sql.copying.rows import Row, keys_in, keys_of, tables
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.schema.core import Key

_change = sa.Table(
    "move_change",
    OWN,
    sa.Column("seq", Key, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

_PART = 500

_FUNCTION = """
CREATE OR REPLACE FUNCTION move_noted() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    EXECUTE 'INSERT INTO move_change (name, place) SELECT ' || quote_literal(TG_TABLE_NAME)
        || ', json_build_array(' || TG_ARGV[0] || ')::text FROM touched';
    RETURN NULL;
END $body$
"""
_POSTGRES = """
CREATE OR REPLACE TRIGGER {name} AFTER {when} ON "{table}" REFERENCING {row} TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION move_noted('{keys}')
"""
_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {name} AFTER {when} ON "{table}" BEGIN
    INSERT INTO move_change (name, place) VALUES ('{table}', json_array({keys}));
END
"""
_EVENTS = (
    ("added", "INSERT", "NEW"),
    ("gone", "DELETE", "OLD"),
    ("before", "UPDATE", "OLD"),
    ("after", "UPDATE", "NEW"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: its number in the list, the table, and the key of the row."""

    seq: int
    table: str
    key: Row


def capture(database: Database) -> None:
    """Have every change noted from now on; what was committed before this returns needs no entry.

    Table by table, so that no two are locked at once.
    """
    database.write_now(_make)
    for table in tables():
        database.write_now(lambda connection, table=table: _watch(connection, table))  # type: ignore[misc]


def capture_all(connection: sa.Connection) -> None:
    """Have every change noted from this transaction's end on."""
    _make(connection)
    for table in tables():
        _watch(connection, table)


def release(connection: sa.Connection) -> None:
    """Have nothing noted any more, and forget the list."""
    for table in tables():
        for name, _, _ in _EVENTS:
            _drop(connection, table, f"move_{name}_{table.name}")
    if is_postgresql(connection):
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS move_noted()")
    _change.drop(connection, checkfirst=True)


def entries(connection: sa.Connection, after: int, limit: int) -> list[Entry]:
    """Return entries in the order they were written."""
    query = sa.select(_change).where(_change.c.seq > after).order_by(_change.c.seq).limit(limit)
    return [Entry(row.seq, row.name, keys_in(row.place)) for row in connection.execute(query)]


def waiting(connection: sa.Connection) -> int:
    """Count the entries."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(_change)).scalar_one())


def settle(connection: sa.Connection, seqs: Sequence[int]) -> None:
    """Take out these entries, and no others: one with an earlier number may be committed later."""
    for start in range(0, len(seqs), _PART):
        connection.execute(sa.delete(_change).where(_change.c.seq.in_(seqs[start : start + _PART])))


def forget(connection: sa.Connection) -> None:
    """Empty the list."""
    connection.execute(sa.delete(_change))


def _make(connection: sa.Connection) -> None:
    OWN.create_all(connection)
    if is_postgresql(connection):
        connection.exec_driver_sql(_FUNCTION)


def _watch(connection: sa.Connection, table: sa.Table) -> None:
    server = is_postgresql(connection)
    for name, when, row in _EVENTS:
        before = "" if server else f"{row}."
        values = ", ".join(f'{before}"{column.name}"' for column in keys_of(table))
        form = _POSTGRES if server else _SQLITE
        text = form.format(name=f'"move_{name}_{table.name}"', when=when, table=table.name, row=row, keys=values)
        connection.exec_driver_sql(text)


def _drop(connection: sa.Connection, table: sa.Table, name: str) -> None:
    on = f' ON "{table.name}"' if is_postgresql(connection) else ""
    connection.exec_driver_sql(f'DROP TRIGGER IF EXISTS "{name}"{on}')
