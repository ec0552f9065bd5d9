"""A whole store as rows, table by table: what a backup is made of, and what a store is made from again.

Nothing here knows what a row means, so that a table added tomorrow is backed up too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from zlib import crc32

import sqlalchemy as sa

from recollect.errors import StoreError
from recollect.exchange import Layout, Piece
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.migrate import analysis_of, note_analysis, version
from recollect.stores.sql.schema import metadata

CUT: Final = 1024
"""A piece ends after a row whose key hashes to a multiple of this: rows that stay as they were make the same pieces
again, whatever comes before or after them."""
MOST: Final = 8 * CUT
PAGE: Final = 2000
AT_ONCE: Final = 500
"""Rows handed to one insert."""
KEPT: Final = ("tenant", "conversation", "memory", "change", "token")
"""Tables that are empty in every new store."""


class SqlTables:
    """The Tables port over the SQL core."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def copy(self, sink: Callable[[Piece], None]) -> Layout:
        """Hand every table's rows to `sink` in pieces, from one view; return how they lie."""
        return await self._database.read(lambda connection: _copy(connection, sink))

    async def fill(self, pieces: Iterable[Piece], layout: Layout) -> None:
        """Write rows into a store that has none, all of them or nothing."""
        await self._database.write(lambda connection: _fill(connection, pieces, layout))


def _copy(connection: sa.Connection, sink: Callable[[Piece], None]) -> Layout:
    for table in metadata.sorted_tables:
        order = [_plain(column) for column in table.primary_key.columns]
        query = sa.select(*map(_plain, table.columns)).order_by(*table.primary_key.columns)
        keys = [table.c.keys().index(column.name) for column in order]
        result = connection.execute(query, execution_options={"yield_per": PAGE})
        columns = tuple(table.c.keys())
        for rows in _cut(result, keys):
            sink(Piece(table.name, columns, [list(map(_written, row)) for row in rows]))
    return Layout(version(connection) or "", analysis_of(connection), _heads(connection))


def _plain(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Return a column as it is stored: JSON as its text, so that it is the same text again."""
    return sa.cast(column, sa.Text).label(column.name) if isinstance(column.type, sa.JSON) else column


def _cut(rows: Iterable[sa.Row[Any]], keys: Sequence[int]) -> Iterator[list[sa.Row[Any]]]:
    """Yield rows in pieces whose borders depend on the rows there alone."""
    piece: list[sa.Row[Any]] = []
    for row in rows:
        piece.append(row)
        if len(piece) >= MOST or crc32(repr([row[place] for place in keys]).encode()) % CUT == 0:
            yield piece
            piece = []
    if piece:
        yield piece


def _written(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes | memoryview) else value


def _read(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


def _fill(connection: sa.Connection, pieces: Iterable[Piece], layout: Layout) -> None:
    _empty(connection)
    for piece in pieces:
        into = sa.table(piece.table, *(_into(connection, piece.table, name) for name in piece.columns))
        rows = [dict(zip(piece.columns, map(_read, row), strict=True)) for row in piece.rows]
        if is_postgresql(connection):
            rows = [_parsed(row, into) for row in rows]
        for start in range(0, len(rows), AT_ONCE):
            connection.execute(sa.insert(into), rows[start : start + AT_ONCE])
    note_analysis(connection, layout.analysis)
    _set_heads(connection, layout.heads)


def _empty(connection: sa.Connection) -> None:
    """Raise StoreError for a store in which anything was kept; what a new one comes with makes room."""
    there = set(sa.inspect(connection).get_table_names())
    for table in reversed(metadata.sorted_tables):
        if table.name not in there:
            continue
        if not connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            continue
        if table.name in KEPT:
            raise StoreError("The store is not empty", hint="Restore into a place of its own.")
        connection.execute(sa.delete(table))


def _into(connection: sa.Connection, table: str, name: str) -> sa.ColumnClause[Any]:
    known = metadata.tables.get(table)
    kind = sa.Text() if known is None or name not in known.c else known.c[name].type
    if isinstance(kind, sa.JSON):
        kind = sa.JSON(none_as_null=True) if is_postgresql(connection) else sa.Text()
    return sa.column(name, kind)


def _parsed(row: Mapping[str, Any], into: sa.TableClause) -> dict[str, Any]:
    """Return a row with its JSON read, for a database that keeps it parsed."""
    return {
        name: json.loads(value) if value is not None and isinstance(into.c[name].type, sa.JSON) else value
        for name, value in row.items()
    }


def _heads(connection: sa.Connection) -> dict[str, int]:
    """Return the highest key each table has ever given out: no key is ever given out twice."""
    if not is_postgresql(connection):
        rows = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence").all()
        return {str(name): int(head) for name, head in rows}
    heads = {}
    for table, sequence in _sequences(connection):
        head = connection.exec_driver_sql(f"SELECT last_value FROM {sequence} WHERE is_called").scalar()  # noqa: S608
        if head is not None:
            heads[table] = int(head)
    return heads


def _set_heads(connection: sa.Connection, heads: Mapping[str, int]) -> None:
    if is_postgresql(connection):
        for table, sequence in _sequences(connection):
            if table in heads:
                connection.exec_driver_sql("SELECT setval(%s::regclass, %s)", (sequence, heads[table]))
        return
    for table, head in heads.items():
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        connection.exec_driver_sql("INSERT INTO sqlite_sequence(name, seq) VALUES (?, ?)", (table, head))


def _sequences(connection: sa.Connection) -> list[tuple[str, str]]:
    """Return each table that numbers its rows, and the sequence it does it with."""
    found = []
    for table in metadata.sorted_tables:
        (first, *_) = table.primary_key.columns
        asked = sa.select(sa.func.pg_get_serial_sequence(table.name, first.name))
        sequence = connection.execute(asked).scalar()
        if sequence:
            found.append((table.name, str(sequence)))
    return found
