"""Statements that every capture runs, handed straight to SQLite's driver: a fifth of what executing them takes.

Each is rendered once, by SQLAlchemy, and its values are prepared by the types' own conversions. PostgreSQL's driver
is given them the usual way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import visitors

from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.json_text import json_text

_SQLITE = sqlite.dialect(paramstyle="qmark", json_serializer=json_text)

Binder = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Rendered:
    """A statement as text, the names of its parameters in order, and what prepares the values at some places.

    `fixed` are parameters that the statement itself gives, `lists` the names under which those of a list stand.
    """

    text: str
    names: tuple[str, ...]
    bound: tuple[tuple[int, Binder], ...]
    fixed: Mapping[str, Any]
    lists: Mapping[str, Sequence[str]]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """Return the parameters in order, as the driver takes them."""
        known = {**self.fixed, **given} if self.fixed else given
        for name, names in self.lists.items():
            some = given[name]
            known = {**known, **dict(zip(names, [*some, *some[-1:] * (len(names) - len(some))], strict=True))}
        found = [known[name] for name in self.names]
        for place, bind in self.bound:
            found[place] = bind(found[place])
        return found


def ask(connection: sa.Connection, statement: sa.Executable, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    """Run a statement and return its rows, of texts and whole numbers: others would come as the driver gives them.

    The statement is to be built once and kept, as what is rendered of it is.
    """
    if is_postgresql(connection):
        return connection.execute(statement, values).all()
    rendered = _rendered_for(statement, values)
    rows: list[tuple[Any, ...]] = _cursor(connection).execute(rendered.text, rendered.values(values)).fetchall()
    return rows


def run(connection: sa.Connection, statement: sa.Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement that returns nothing for each of the rows, which name the same parameters; none is no work."""
    if not rows:
        return
    if is_postgresql(connection):
        connection.execute(statement, rows)
        return
    rendered = _rendered_for(statement, rows[0])
    _cursor(connection).executemany(rendered.text, [rendered.values(row) for row in rows])


def insert_many(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that name the same columns; none is no work."""
    run(connection, _insert(table), rows)


def insert_keyed(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows that name the same columns; return the keys that the database gave them, in order."""
    if not rows:
        return []
    if is_postgresql(connection):
        return list(connection.execute(_keyed(table), rows).scalars())
    insert_many(connection, table, rows)
    # Nobody else writes meanwhile, and each new key is the last one and one more.
    last = int(_cursor(connection).execute("SELECT last_insert_rowid()").fetchone()[0])
    return list(range(last - len(rows) + 1, last + 1))


@cache
def _insert(table: sa.Table) -> sa.Insert:
    return sa.insert(table)


@cache
def _keyed(table: sa.Table) -> sa.Insert:
    return sa.insert(table).returning(*table.primary_key, sort_by_parameter_order=True)


def _cursor(connection: sa.Connection) -> Any:
    return connection.connection.cursor()


def _rendered_for(statement: Any, values: Mapping[str, Any]) -> _Rendered:
    """Return a statement for these values; lists of about the same length share one, padded by their last value."""
    sizes = ((name, len(values[name])) for name in _lists(statement))
    lists = tuple((name, size and 1 << (size - 1).bit_length()) for name, size in sizes)
    return _rendered(statement, tuple(values), lists)


@cache
def _lists(statement: Any) -> tuple[str, ...]:
    """Return the names of the parameters that are lists."""
    binds = (one for one in visitors.iterate(statement) if isinstance(one, sa.BindParameter))
    return tuple(dict.fromkeys(one.key for one in binds if one.expanding))


@cache
def _rendered(statement: Any, given: tuple[str, ...], lists: tuple[tuple[str, int], ...]) -> _Rendered:
    compiled = statement.compile(dialect=_SQLITE, column_keys=list(given))
    state = compiled.construct_expanded_state({**dict.fromkeys(given), **{name: [None] * size for name, size in lists}})
    names = tuple(state.positiontup or ())
    known = {one: name for name, some in state.parameter_expansion.items() for one in some}
    types = [compiled.binds[known.get(name, name)].type.dialect_impl(_SQLITE) for name in names]
    bound = tuple((at, bind) for at, kind in enumerate(types) if (bind := kind.bind_processor(_SQLITE)) is not None)
    fixed = {name: state.parameters[name] for name in names if name not in given and name not in known}
    return _Rendered(state.statement, names, bound, fixed, state.parameter_expansion)
