"""A whole store as rows, table by table: what a backup is made of, and what a store is made from again.

Nothing here knows what a row means, so that a table added tomorrow is backed up too.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from zlib import crc32

import sqlalchemy as sa

from recollect.errors import StoreBusy, StoreError
from recollect.exchange import Gone, Layout, Piece
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.migrate import analysis_of, note_analysis, version
from recollect.stores.sql.schema import change, forgotten, metadata
from recollect.stores.sql.sync.orders import orders

CUT: Final = 1024
"""A piece ends after a row whose key hashes to a multiple of this: rows that stay as they were make the same pieces
again, whatever comes before or after them."""
MOST: Final = 8 * CUT
LONGEST: Final = 4 << 20
"""Characters and bytes after which a piece ends too: what is held in memory does not grow with what people write."""
PAGE: Final = 500
AT_ONCE: Final = 500
"""Rows handed to one insert."""
KEPT: Final = ("tenant", "conversation", "memory", "change", "token")
"""Tables that are empty in every new store."""


class SqlTables:
    """The Tables port over the SQL core."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def copy(self, sink: Callable[[Piece], None]) -> Layout:
        """Hand every table's rows to `sink` in pieces, from one view; return how they lie.

        Raises StoreBusy where a server was lost on the way: another view may have other rows.
        """
        handed = False

        def once(piece: Piece) -> None:
            nonlocal handed
            handed = True
            sink(piece)

        def work(connection: sa.Connection) -> Layout:
            if handed:
                raise StoreBusy("The database was lost while it was read", hint="Try again; nothing was noted.")
            _patient(connection)
            return _copy(connection, once)

        return await self._database.read(work)

    async def fill(self, pieces: Iterable[Piece], layout: Layout) -> None:
        """Write rows into a store that has none, all of them or nothing."""

        def work(connection: sa.Connection) -> None:
            _patient(connection)
            _fill(connection, pieces, layout)

        await self._database.write(work)


def gone(connection: sa.Connection) -> Gone:
    """Return what was forgotten in a store of any form; nothing where there is none."""
    there = {table.name for table in present(connection)}
    ids: tuple[str, ...] = ()
    if change.name in there:
        ids = tuple(connection.execute(sa.select(change.c.memory_id).where(change.c.verb == "delete")).scalars())
    return Gone(ids, tuple(orders(connection)) if forgotten.name in there else ())


def _patient(connection: sa.Connection) -> None:
    """Let a server wait as long as it takes: for large tables, and for the place that backups are kept at."""
    if is_postgresql(connection):
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {name} = 0")


def _copy(connection: sa.Connection, sink: Callable[[Piece], None]) -> Layout:
    for table in metadata.sorted_tables:
        order = [_plain(column) for column in table.primary_key.columns]
        query = sa.select(*map(_plain, table.columns)).order_by(*table.primary_key.columns)
        keys = [table.c.keys().index(column.name) for column in order]
        result = connection.execute(query, execution_options={"yield_per": PAGE})
        columns = tuple(table.c.keys())
        for rows in _cut(result, keys):
            sink(Piece(table.name, columns, [list(map(_written, row)) for row in rows]))
    return Layout(version(connection) or "", analysis_of(connection), heads_of(connection))


def _plain(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Return a column as it is stored: JSON as its text, so that it is the same text again."""
    return sa.cast(column, sa.Text).label(column.name) if isinstance(column.type, sa.JSON) else column


def _cut(rows: Iterable[sa.Row[Any]], keys: Sequence[int]) -> Iterator[list[sa.Row[Any]]]:
    """Yield rows in pieces whose borders depend on the rows there alone."""
    piece: list[sa.Row[Any]] = []
    size = 0
    for row in rows:
        piece.append(row)
        size += sum(len(value) for value in row if isinstance(value, str | bytes | memoryview))
        full = len(piece) >= MOST or size >= LONGEST
        if full or crc32(repr([row[place] for place in keys]).encode()) % CUT == 0:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _written(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes | memoryview) else value


def _read(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


def _fill(connection: sa.Connection, pieces: Iterable[Piece], layout: Layout) -> None:
    _empty(connection)
    for piece in pieces:
        into = sa.table(piece.table, *(sa.column(name, _kind(piece.table, name)) for name in piece.columns))
        put = sa.insert(into).values({column.name: _given(connection, column) for column in into.c})
        names = [f"p_{name}" for name in piece.columns]
        rows = [dict(zip(names, map(_read, row), strict=True)) for row in piece.rows]
        for start in range(0, len(rows), AT_ONCE):
            connection.execute(put, rows[start : start + AT_ONCE])
    note_analysis(connection, layout.analysis)
    set_heads(connection, layout.heads)


def _empty(connection: sa.Connection) -> None:
    """Raise StoreError for a store in which anything was kept; what a new one comes with makes room."""
    for table in reversed(present(connection)):
        if not connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            continue
        if table.name in KEPT:
            raise StoreError("The store is not empty", hint="Restore into a place of its own.")
        connection.execute(sa.delete(table))


def present(connection: sa.Connection) -> list[sa.Table]:
    """Return the tables that a store has, which one of an earlier form does not have all of, in an order to fill."""
    asked = "SELECT name FROM sqlite_master WHERE type = 'table'"
    if is_postgresql(connection):
        asked = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    there = set(connection.exec_driver_sql(asked).scalars())
    return [table for table in metadata.sorted_tables if table.name in there]


def _kind(table: str, name: str) -> sa.types.TypeEngine[Any]:
    """Return the type of a column; one that is not known any more is text."""
    known = metadata.tables.get(table)
    return sa.Text() if known is None or name not in known.c else known.c[name].type


def _given(connection: sa.Connection, column: sa.ColumnClause[Any]) -> sa.ColumnElement[Any]:
    """Return what stands for a column's value in an insert: JSON is given as the text it was, and stays that text."""
    if not isinstance(column.type, sa.JSON):
        return sa.bindparam(f"p_{column.name}", type_=column.type)
    text = sa.bindparam(f"p_{column.name}", type_=sa.Text())
    return sa.cast(text, sa.JSON()) if is_postgresql(connection) else text


def heads_of(connection: sa.Connection) -> dict[str, int]:
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


def set_heads(connection: sa.Connection, heads: Mapping[str, int]) -> None:
    """Let every table give out keys after these, and after those it has."""
    if is_postgresql(connection):
        for table, sequence in _sequences(connection):
            (key, *_) = metadata.tables[table].primary_key.columns
            last = connection.execute(sa.select(sa.func.max(key))).scalar() or 0
            if head := max(heads.get(table, 0), last):
                connection.exec_driver_sql("SELECT setval(%s::regclass, %s)", (sequence, head))
        return
    numbered = {name for name, table in metadata.tables.items() if table.dialect_options["sqlite"]["autoincrement"]}
    for table, head in heads.items():
        if table not in numbered:
            continue
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        connection.exec_driver_sql("INSERT INTO sqlite_sequence(name, seq) VALUES (?, ?)", (table, head))


def _sequences(connection: sa.Connection) -> list[tuple[str, str]]:
    """Return each table that numbers its rows, and the sequence it does it with."""
    found = []
    for table in present(connection):
        (first, *_) = table.primary_key.columns
        asked = sa.select(sa.func.pg_get_serial_sequence(table.name, first.name))
        sequence = connection.execute(asked).scalar()
        if sequence:
            found.append((table.name, str(sequence)))
    return found
