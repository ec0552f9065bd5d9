"""Compares two stores row by row, in the order of keys: counts, checksums, and the keys of what differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa

from recollect.stores.sql.copying.rows import Row, between, count, digest, key_of, page, tables
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import is_postgresql

SHOWN = 20
"""Differences told of a table."""

_WIDTH = 1 << 128


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is `missing` in the target, `left over` there, or `different`."""

    table: str
    key: Row
    how: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A table on both sides: rows, checksums (the same for the same rows in any order), and the first differences."""

    table: str
    source: int
    target: int
    source_sum: str
    target_sum: str
    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether both sides have the same rows."""
        return (self.source, self.source_sum) == (self.target, self.target_sum) and not self.differences


def compare(
    connection: sa.Connection, target: Database, batch: int, tell: Callable[[str, int], None]
) -> list[Compared]:
    """Compare every table as it is seen by a connection to the source with the target."""
    return [_compare(connection, target, table, batch, tell) for table in tables()]


def counts(connection: sa.Connection) -> dict[str, int]:
    """Count the rows of every table."""
    return {table.name: count(connection, table) for table in tables()}


def size(connection: sa.Connection) -> int:
    """Return how many bytes the store takes."""
    if is_postgresql(connection):
        asked = "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c WHERE relkind = 'r' "
        asked += "AND relnamespace = current_schema()::regnamespace"
        return int(connection.exec_driver_sql(asked).scalar_one())
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def _compare(
    connection: sa.Connection, target: Database, table: sa.Table, batch: int, tell: Callable[[str, int], None]
) -> Compared:
    after: Row | None = None
    here = there = here_sum = there_sum = 0
    wrong: list[Difference] = []
    while True:
        rows = page(connection, table, after, batch)
        last = key_of(table, rows[-1]) if rows else None
        stored = target.read_now(lambda reading, after=after, last=last: between(reading, table, after, last))  # type: ignore[misc]
        ours = {key_of(table, row): digest(row) for row in rows}
        theirs = {key_of(table, row): digest(row) for row in stored}
        here, there = here + len(ours), there + len(theirs)
        here_sum, there_sum = here_sum + sum(ours.values()), there_sum + sum(theirs.values())
        if ours != theirs:
            wrong += islice(_differences(table.name, ours, theirs), SHOWN - len(wrong))
        if last is None:
            break
        after = last
        tell(table.name, len(rows))
    return Compared(table.name, here, there, _said(here_sum), _said(there_sum), tuple(wrong))


def _differences(table: str, ours: dict[Row, int], theirs: dict[Row, int]) -> list[Difference]:
    missing = [Difference(table, key, "missing") for key in ours if key not in theirs]
    left = [Difference(table, key, "left over") for key in theirs if key not in ours]
    other = [Difference(table, key, "different") for key, is_now in ours.items() if theirs.get(key, is_now) != is_now]
    return [*missing, *left, *other]


def _said(total: int) -> str:
    return f"{total % _WIDTH:032x}"
