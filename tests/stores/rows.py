"""Makes, changes and deletes rows of every table, whatever tables there are; and reads all of them by the back door."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from recollect.errors import StoreError
from recollect.stores.sql.database import Database
from recollect.stores.sql.schema import metadata

TEXTS = (
    "",
    "plain",
    "猫在窗台上",
    'O\'Hara "quoted" \\ back',
    "tab\tnew\nline",
    "🦓 ümläut",
    "{}",
    "null",
    "-- %s %% {x}",
)
NUMBERS = (0, 1, -1, 2**31 - 1, 1_700_000_000_000_000)
SMALL = NUMBERS[:4]
SOME: dict[type[sa.types.TypeEngine[Any]], Sequence[Any]] = {
    sa.JSON: [{"a": [1, 2.5, None, True]}, ["猫", '"'], {}, [], "x", 1.25, {"z": 1, "a": {"b": []}}],
    sa.Boolean: [True, False],
    sa.Float: [0.0, 0.1, 1.0, 1e300, -2.5, 1 / 3],
}
Values = dict[str, Any]


class Churn:
    """Random work on every table of a store, by a seed."""

    def __init__(self, database: Database, seed: int) -> None:
        self._database, self._random = database, random.Random(seed)
        self._made = 0
        self.done = 0

    def fill(self, each: int) -> None:
        """Make so many rows in every table, as far as they can be."""

        def work(connection: sa.Connection) -> None:
            for table in metadata.sorted_tables * each:
                with suppress(sa.exc.IntegrityError), connection.begin_nested():
                    self._add(connection, table)

        self._database.write_now(work)

    def step(self) -> None:
        """Do one thing to one table."""
        table = self._random.choice(metadata.sorted_tables)
        verb = self._random.choice((self._add, self._add, self._change, self._delete, self._swap))
        self._try(lambda connection: verb(connection, table))

    def _try(self, work: Any) -> None:
        """Do it, unless the tables do not allow it."""
        try:
            self._database.write_now(work)
        except StoreError as error:
            if "constraint" not in str(error).lower() and "append-only" not in str(error):
                raise
        else:
            self.done += 1

    def _add(self, connection: sa.Connection, table: sa.Table) -> None:
        connection.execute(sa.insert(table).values(self._values(connection, table)))

    def _change(self, connection: sa.Connection, table: sa.Table) -> None:
        row = self._some(connection, table)
        if row is not None:
            fresh = self._values(connection, table)
            chosen = self._random.sample(sorted(fresh), self._random.randint(1, len(fresh)))
            connection.execute(sa.update(table).where(_is(table, row)).values({name: fresh[name] for name in chosen}))

    def _delete(self, connection: sa.Connection, table: sa.Table) -> None:
        row = self._some(connection, table)
        if row is not None:
            connection.execute(sa.delete(table).where(_is(table, row)))

    def _swap(self, connection: sa.Connection, table: sa.Table) -> None:
        """Let two rows change what is unique of them."""
        unique = [column.name for column in table.columns if column.unique and isinstance(column.type, sa.Text)]
        rows = [self._some(connection, table), self._some(connection, table)]
        if not unique or None in rows or rows[0] == rows[1]:
            return
        (one, two), name = rows, self._random.choice(unique)
        assert one is not None
        assert two is not None
        for row, value in ((one, f"aside {self._made}"), (two, one[name]), (one, two[name])):
            connection.execute(sa.update(table).where(_is(table, row)).values({name: value}))

    def _some(self, connection: sa.Connection, table: sa.Table) -> Values | None:
        order = sa.func.random()
        row = connection.execute(sa.select(table).order_by(order).limit(1)).mappings().first()
        return None if row is None else dict(row)

    def _values(self, connection: sa.Connection, table: sa.Table) -> Values:
        self._made += 1
        values = {}
        for column in table.columns:
            numbered = (
                column.primary_key and len(table.primary_key.columns) == 1 and isinstance(column.type, sa.Integer)
            )
            if column.foreign_keys:
                (key,) = column.foreign_keys
                parent = key.column
                values[column.name] = connection.execute(sa.select(parent).order_by(sa.func.random()).limit(1)).scalar()
            elif not (numbered and column.autoincrement is not False and table.name != "people_edition"):
                values[column.name] = self._value(column)
        return values

    def _value(self, column: sa.Column[Any]) -> Any:
        pick = self._random.choice
        if column.nullable and self._random.random() < 0.3:
            return None
        if isinstance(column.type, sa.LargeBinary):
            return self._random.randbytes(pick([0, 1, 40]))
        if isinstance(column.type, sa.Text):
            return f"{self._made} {pick(TEXTS)}"
        for kind, values in SOME.items():
            if isinstance(column.type, kind):
                return pick(values)
        return self._made if column.primary_key else pick(NUMBERS if isinstance(column.type, sa.BigInteger) else SMALL)


def _is(table: sa.Table, row: Values) -> sa.ColumnElement[bool]:
    return sa.and_(*(column == row[column.name] for column in table.primary_key.columns))


def contents(database: Database) -> dict[str, list[str]]:
    """Return every row of every table, as text in one order."""

    def work(connection: sa.Connection) -> dict[str, list[str]]:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
            for table in metadata.sorted_tables
        }

    return database.read_now(work)
