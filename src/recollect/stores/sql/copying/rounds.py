"""Catching up: what the list of changes names is brought to what it is in one view of the source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa

from recollect.errors import StoreDamaged
from recollect.stores.sql.copying.apply import differing, take_over
from recollect.stores.sql.copying.capture import Entry, entries, settle
from recollect.stores.sql.copying.rows import Keyed, Row, found, written
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.schema import metadata

MOST = 200_000
"""Entries dealt with in one view: a view that is held for long keeps the source from tidying up."""


@dataclass(slots=True)
class Round:
    """What one round dealt with."""

    seqs: list[int] = field(default_factory=list)


def catch_up(
    source: Database,
    target: Database,
    batch: int,
    then: Callable[[sa.Connection], None] | None = None,
    *,
    check: bool = False,
    most: int | None = MOST,
) -> int:
    """Deal with what is listed now, in one view; return how many entries that were.

    `then` is given the same view, whose rows the target then has, all of them: with it, `most` is to be `None`. With
    `check` every row is read back and compared. Raises StoreDamaged for one that differs.
    """

    def work(connection: sa.Connection) -> Round:
        patient(connection)
        done = follow(connection, target, batch, check=check, most=most)
        if then is not None:
            then(connection)
        return done

    done = source.read_now(work)
    for start in range(0, len(done.seqs), 10 * batch):
        part = done.seqs[start : start + 10 * batch]
        source.write_now(lambda connection, part=part: settle(connection, part))  # type: ignore[misc]
    return len(done.seqs)


def follow(
    connection: sa.Connection, target: Database, batch: int, *, check: bool = False, most: int | None = None
) -> Round:
    """Deal with what is listed, as it is seen by a connection to the source; the list is left to the caller."""
    done, last = Round(), 0
    doubtful: dict[str, dict[Row, None]] = {}
    while (most is None or len(done.seqs) < most) and (part := entries(connection, last, batch)):
        last = part[-1].seq
        done.seqs += [entry.seq for entry in part]
        touched = _touched(part)
        rows = _rows(connection, touched)
        take_over(target, touched, rows)
        for table, key, _ in _wrong(target, touched, rows) if check else ():
            doubtful.setdefault(table, {})[key] = None
    if doubtful:  # a row may have had to wait for another one's place, which a later entry made free
        _settled(_wrong(target, doubtful, _rows(connection, doubtful)))
    return done


def patient(connection: sa.Connection) -> None:
    """Let PostgreSQL wait while the other side is written to."""
    if is_postgresql(connection):
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {name} = 0")


def _touched(part: list[Entry]) -> dict[str, dict[Row, None]]:
    touched: dict[str, dict[Row, None]] = {}
    for entry in part:
        if entry.table in metadata.tables:
            touched.setdefault(entry.table, {})[entry.key] = None
    return touched


def _rows(connection: sa.Connection, touched: dict[str, dict[Row, None]]) -> dict[str, Keyed]:
    return {name: found(connection, metadata.tables[name], list(keys)) for name, keys in touched.items()}


def _wrong(target: Database, touched: dict[str, dict[Row, None]], rows: dict[str, Keyed]) -> list[tuple[str, Row, str]]:
    return target.read_now(lambda connection: differing(connection, touched, rows))


def _settled(wrong: list[tuple[str, Row, str]]) -> None:
    """Raise StoreDamaged where rows were not kept as they were written."""
    if wrong:
        table, key, how = wrong[0]
        raise StoreDamaged(
            f"{len(wrong)} rows of the target are not what was written, the first is {table} {written(key)} ({how})",
            hint="Somebody else writes to the target, or its disk is at fault. Nothing was switched.",
        )
