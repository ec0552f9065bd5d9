"""What SQLite and PostgreSQL say differently, each under one name."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

SQLITE, POSTGRESQL = "sqlite", "postgresql"

RAW: Final = MappingProxyType({"raw": True})
"""What a statement is executed with whose rows hold many bytes: PostgreSQL then sends them as they are, not as text."""


def is_postgresql(connection: sa.Connection) -> bool:
    """Whether a connection leads to PostgreSQL."""
    return connection.dialect.name == POSTGRESQL


def insert_new(table: sa.Table) -> sa.Insert:
    """Return an INSERT that passes over rows that are there already; both dialects render it."""
    statement = sa.insert(table)
    # The place both dialects' own `on_conflict_do_nothing` takes; either of theirs is rendered by one of them only.
    statement._post_values_clause = sa.text("ON CONFLICT DO NOTHING")  # noqa: SLF001
    return statement


def among(connection: sa.Connection, column: sa.ColumnElement[int], keys: Sequence[int]) -> sa.ColumnElement[bool]:
    """Return the condition that a number is one of these; PostgreSQL takes them as one parameter."""
    if not is_postgresql(connection):
        return column.in_(keys)
    return column == sa.any_(sa.bindparam(None, list(keys), sa.ARRAY(sa.BigInteger), unique=True))


class place_of(FunctionElement[int]):  # noqa: N801 - an SQL function is written small
    """`place_of(text, part)`: where a part begins in a text, counted from 1; 0 where it does not."""

    type = sa.Integer()
    inherit_cache = True


class byte_length(FunctionElement[int]):  # noqa: N801
    """`byte_length(text)`: the bytes a text takes as UTF-8."""

    type = sa.Integer()
    inherit_cache = True


class greater_of(FunctionElement[int]):  # noqa: N801
    """`greater_of(number, number)`: the greater of the two, neither of which may be NULL."""

    type = sa.BigInteger()
    inherit_cache = True


class day_of(FunctionElement[str]):  # noqa: N801
    """`day_of(microseconds)`: the day in UTC, as 2026-05-01."""

    type = sa.Text()
    inherit_cache = True


class category_of(FunctionElement[str]):  # noqa: N801
    """`category_of(metadata)`: the category a memory's metadata names, `other` where there is none."""

    type = sa.Text()
    inherit_cache = True


_SAID: dict[type[FunctionElement[Any]], tuple[str, str]] = {
    place_of: ("instr({})", "strpos({})"),
    greater_of: ("max({})", "greatest({})"),
    byte_length: ("length(CAST({} AS BLOB))", "octet_length({})"),
    day_of: (
        "strftime('%%Y-%%m-%%d', {} / 1000000.0, 'unixepoch')",
        "to_char(to_timestamp({} / 1000000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    ),
    category_of: ("coalesce(json_extract({}, '$.category'), 'other')", "coalesce({} ->> 'category', 'other')"),
}


def _said(element: FunctionElement[Any], compiler: SQLCompiler, **more: Any) -> str:
    forms = _SAID[type(element)]
    form = forms[compiler.dialect.name == POSTGRESQL]
    # A driver whose parameters are marked by % takes %% for one.
    doubled = compiler.preparer._double_percents  # noqa: SLF001
    return (form if doubled else form.replace("%%", "%")).format(compiler.process(element.clauses, **more))


for _function in _SAID:
    compiles(_function)(_said)
