"""Rows as they are copied and compared: the same values in both dialects, read by key in bounded pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa

from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.schema import job, metadata

Row = tuple[Any, ...]
Keyed = dict[Row, Row]
"""Rows by their primary key."""

LONGEST: Final = 16 << 20
"""Characters and bytes after which a page ends, however few rows it has."""

PART: Final = 400
"""Keys named in one statement."""

APPENDED: Final = frozenset({"audit"})
"""Tables whose rows the database itself lets nobody change or delete."""

OWN_JOBS: Final = ("index", "graph")
"""Jobs that a database leaves for what stands beside it, an index or a graph: they mean nothing to another store."""

_OWN: Final[Mapping[str, sa.ColumnElement[bool]]] = {"job": job.c.name.not_in(OWN_JOBS)}
"""Which rows of a table are handed on."""


def tables() -> list[sa.Table]:
    """Return every table, those before that others refer to."""
    return list(metadata.sorted_tables)


def keys_of(table: sa.Table) -> list[sa.Column[Any]]:
    """Return the columns of the primary key."""
    return list(table.primary_key.columns)


def key_of(table: sa.Table, row: Row) -> Row:
    """Return the key of a row."""
    return tuple(row[table.c.keys().index(column.name)] for column in keys_of(table))


def page(connection: sa.Connection, table: sa.Table, after: Row | None, limit: int) -> list[Row]:
    """Return the rows that follow a key, in the order of keys; fewer than `limit` where they are long, or the last."""
    query = _select(table).order_by(*keys_of(table)).limit(limit)
    if after is not None:
        query = query.where(_tuple(table) > _values(table, after))
    return list(_bounded(connection.execute(query, execution_options={"yield_per": min(limit, 500)})))


def between(connection: sa.Connection, table: sa.Table, after: Row | None, last: Row | None) -> list[Row]:
    """Return the rows after a key up to another; `None`: from the first, or to the end, of which a part is enough."""
    query = _select(table).order_by(*keys_of(table))
    if after is not None:
        query = query.where(_tuple(table) > _values(table, after))
    query = query.limit(PART) if last is None else query.where(_tuple(table) <= _values(table, last))
    return [tuple(row) for row in connection.execute(query)]


def found(connection: sa.Connection, table: sa.Table, keys: Sequence[Row]) -> Keyed:
    """Return the rows of these keys that are there."""
    rows: Keyed = {}
    for part in _parts(keys, PART):
        for row in connection.execute(_select(table).where(_among(table, part))):
            rows[key_of(table, tuple(row))] = tuple(row)
    return rows


def take_out(connection: sa.Connection, table: sa.Table, keys: Sequence[Row]) -> None:
    """Delete the rows of these keys."""
    for part in _parts(keys, PART):
        connection.execute(sa.delete(table).where(_among(table, part)))


def put(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows; those that a row here stands in the way of are passed over."""
    if not rows:
        return
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    into = f'INSERT INTO "{table.name}" ({names})'
    if not is_postgresql(connection):
        marks = ", ".join("?" * len(table.columns))
        connection.exec_driver_sql(f"{into} VALUES ({marks}) ON CONFLICT DO NOTHING", list(rows))
        return
    beside = f'"arriving_{table.name}"'
    connection.exec_driver_sql(f'CREATE TEMP TABLE IF NOT EXISTS {beside} (LIKE "{table.name}") ON COMMIT DELETE ROWS')
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {beside} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    connection.exec_driver_sql(f"{into} SELECT {names} FROM {beside} ON CONFLICT DO NOTHING")  # noqa: S608 - our names
    connection.exec_driver_sql(f"DELETE FROM {beside}")  # noqa: S608


def count(connection: sa.Connection, table: sa.Table) -> int:
    """Count the rows that are handed on."""
    query = sa.select(sa.func.count()).select_from(table)
    own = _OWN.get(table.name)
    return int(connection.execute(query if own is None else query.where(own)).scalar_one())


def digest(row: Row) -> int:
    """Return a number of 128 bits that stands for a row: equal rows have equal ones, in whichever database they are."""
    return int.from_bytes(blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=16).digest())


def written(key: Row) -> str:
    """Return a key as the list of changes has it."""
    return json.dumps(list(key), ensure_ascii=False)


def keys_in(text: str) -> Row:
    """Return the key that an entry of the list of changes names."""
    return tuple(json.loads(text))


def _select(table: sa.Table) -> sa.Select[Any]:
    """Ask for whole rows, JSON as the text it is stored as."""
    columns = [
        sa.cast(column, sa.Text).label(column.name) if isinstance(column.type, sa.JSON) else column
        for column in table.columns
    ]
    own = _OWN.get(table.name)
    query = sa.select(*columns)
    return query if own is None else query.where(own)


def _tuple(table: sa.Table) -> sa.ColumnElement[Any]:
    return sa.tuple_(*keys_of(table))


def _values(table: sa.Table, key: Row) -> sa.ColumnElement[Any]:
    return sa.tuple_(*(sa.literal(value, column.type) for column, value in zip(keys_of(table), key, strict=True)))


def _among(table: sa.Table, keys: Sequence[Row]) -> sa.ColumnElement[bool]:
    (first, *others) = keys_of(table)
    return first.in_([key[0] for key in keys]) if not others else sa.tuple_(first, *others).in_(keys)


def _bounded(rows: Iterable[sa.Row[Any]]) -> Iterator[Row]:
    size = 0
    for row in rows:
        yield tuple(row)
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if size >= LONGEST:
            return


def _parts(keys: Sequence[Row], size: int) -> Iterator[list[Row]]:
    rest = iter(keys)
    while part := list(islice(rest, size)):
        yield part
