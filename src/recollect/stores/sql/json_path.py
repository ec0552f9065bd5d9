"""Conditions on values inside JSON columns, for SQLite and for PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from recollect.models import Scalar
from recollect.stores.sql.dialect import POSTGRESQL, place_of

Condition = sa.ColumnElement[bool]
Comparing = Callable[[Any, Any], Condition]


class JsonPath(Protocol):
    """What a filter asks of one place in a JSON column; `keys` lead there from its top."""

    def compare(self, column: Any, keys: Sequence[str], value: str | bool | float, ask: Comparing) -> Condition:
        """Whether a value of the same form stands there and `ask(it, value)` holds."""

    def missing(self, column: Any, keys: Sequence[str]) -> Condition:
        """Whether there is nothing, or null."""

    def holds_text(self, column: Any, keys: Sequence[str], part: str) -> Condition:
        """Whether a text stands there that has this part."""

    def holds(self, column: Any, keys: Sequence[str], value: str | bool | float) -> Condition:
        """Whether a list stands there that has this value."""


class SqliteJson:
    """JSON as text, looked into with SQLite's functions."""

    def compare(self, column: Any, keys: Sequence[str], value: str | bool | float, ask: Comparing) -> Condition:
        """Compare by type first: `1` is not `true`."""
        path = _path(keys)
        form, found = sa.func.json_type(column, path), sa.func.json_extract(column, path)
        return sa.and_(form.in_(_forms(value)), ask(found, _plain(value)))

    def missing(self, column: Any, keys: Sequence[str]) -> Condition:
        """Say so."""
        form = sa.func.json_type(column, _path(keys))
        return sa.or_(form.is_(None), form == "null")

    def holds_text(self, column: Any, keys: Sequence[str], part: str) -> Condition:
        """Look for a part."""
        path = _path(keys)
        found = place_of(sa.func.json_extract(column, path), part)
        return sa.and_(sa.func.json_type(column, path) == "text", found > 0)

    def holds(self, column: Any, keys: Sequence[str], value: str | bool | float) -> Condition:
        """Look through a list."""
        path = _path(keys)
        each = sa.func.json_each(column, path).table_valued("value", "type", name="each_value")
        inside = sa.select(sa.literal(1)).select_from(each)
        inside = inside.where(each.c.type.in_(_forms(value)), each.c.value == _plain(value))
        return sa.and_(sa.func.json_type(column, path) == "array", sa.exists(inside))


class PostgresJson:
    """JSON of PostgreSQL's own type. Numbers are compared exactly, as `numeric`."""

    def compare(self, column: Any, keys: Sequence[str], value: str | bool | float, ask: Comparing) -> Condition:
        """Compare by type first: `1` is not `true`."""
        return _of_form(_at(column, keys), value, lambda it: ask(_value(it, value), _asked(value)))

    def missing(self, column: Any, keys: Sequence[str]) -> Condition:
        """Say so."""
        form = sa.func.json_typeof(_at(column, keys))
        return sa.or_(form.is_(None), form == "null")

    def holds_text(self, column: Any, keys: Sequence[str], part: str) -> Condition:
        """Look for a part."""
        return _of_form(_at(column, keys), part, lambda it: place_of(_text(it), part) > 0)

    def holds(self, column: Any, keys: Sequence[str], value: str | bool | float) -> Condition:
        """Look through a list."""
        found = _at(column, keys)
        none = sa.cast(sa.literal_column("'[]'"), sa.JSON)
        items = sa.case((sa.func.json_typeof(found) == "array", found), else_=none)
        each = sa.func.json_array_elements(items).table_valued(sa.column("value", sa.JSON), name="each_value")
        same = _of_form(each.c.value, value, lambda it: _value(it, value) == _asked(value))
        return sa.exists(sa.select(sa.literal(1)).select_from(each).where(same))


def json_path(dialect: str) -> JsonPath:
    """Return how a dialect looks into JSON."""
    return PostgresJson() if dialect == POSTGRESQL else SqliteJson()


def _path(keys: Sequence[str]) -> str:
    return "$" + "".join(f'."{key}"' for key in keys)


def _forms(value: Scalar) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("true",) if value else ("false",)
    return ("text",) if isinstance(value, str) else ("integer", "real")


def _plain(value: Scalar) -> Any:
    return int(value) if isinstance(value, bool) else value


def _at(column: Any, keys: Sequence[str]) -> Any:
    """Go down by names only: unlike `#>`, this finds nothing in a list."""
    for key in keys:
        column = sa.func.json_object_field(column, key, type_=sa.JSON)
    return column


def _text(found: Any) -> Any:
    """Return a scalar as its text, a string without its quotes."""
    return sa.cast(found.op("#>>")(sa.literal_column("'{}'")), sa.Text)


def _of_form(found: Any, value: Scalar, holds: Callable[[Any], Condition]) -> Condition:
    """Ask only where the form is right: a CASE, since PostgreSQL may evaluate the parts of an AND in any order."""
    form = "boolean" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"
    return sa.case((sa.func.json_typeof(found) == form, holds(found)), else_=sa.false())


def _value(found: Any, value: Scalar) -> Any:
    text = _text(found)
    return text if isinstance(value, str | bool) else sa.cast(text, sa.Numeric)


def _asked(value: Scalar) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else sa.cast(sa.literal(repr(value)), sa.Numeric)
