"""Makes a database smaller without taking anything out of it: free pages given back, vectors in one plane."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import sqlalchemy as sa

from recollect.models import Task
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import POSTGRESQL, is_postgresql
from recollect.stores.sql.schema import metadata, model, vector
from recollect.stores.sql.write import push_jobs

PAGES: Final = 500
"""Pages that are given back at a time: others may write in between."""
ROWS: Final = 2000
_SIZE: Final = "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
_OURS: Final = " WHERE n.nspname = current_schema() AND c.relkind = 'r'"


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """Bytes of the database before and after, and whether all that was free was given back in time."""

    before: int
    after: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Quantised:
    """How many vectors there are, how many were made smaller (or larger again), and their bytes before and after."""

    vectors: int
    changed: int
    before: int
    after: int


async def vacuum(
    database: Database, seconds: float, *, full: bool = False, now: Callable[[], float] = time.monotonic
) -> Vacuumed:
    """Give free pages back to the system, for about so many seconds; what is left over is for the next time.

    SQLite gives them back from the end of its file, a few at a time. PostgreSQL makes them free for its own rows.
    `full` writes everything anew, tightly: it needs as much room again, and others wait for it.
    """
    before = await database.read(size)
    if database.dialect.name == POSTGRESQL:
        verb = "VACUUM FULL" if full else "VACUUM"
        await database.outside(*(f'{verb} "{name}"' for name in metadata.tables))
        return Vacuumed(before, await database.read(size), whole=True)
    if full:
        await database.outside("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")
        return Vacuumed(before, await database.read(size), whole=True)
    until = now() + seconds
    await database.outside("INSERT INTO words(words, rank) VALUES ('merge', 500)")
    while free := await database.read(_free):
        await database.outside(f"PRAGMA incremental_vacuum({PAGES})")
        if now() >= until or await database.read(_free) >= free:
            break
    await database.outside("PRAGMA wal_checkpoint(TRUNCATE)")
    return Vacuumed(before, await database.read(size), whole=await database.read(_free) == 0)


async def quantise(database: Database) -> Quantised:
    """Keep of each vector the coarse plane alone, eight bits a number instead of sixteen; again does nothing."""
    before = await database.read(_codes)
    changed = last = 0
    while True:
        done, last = await database.write(partial(_halve, after=last))
        changed += done
        if last == 0:
            break
    after = await database.read(_codes)
    return Quantised(before[0], changed, before[1], after[1])


async def sharpen(database: Database, now: int) -> Quantised:
    """Forget the vectors that were made smaller, and have them made anew by the worker."""
    before = await database.read(_codes)

    def work(connection: sa.Connection) -> int:
        short = _short()
        gone = connection.execute(sa.delete(vector).where(vector.c.seq.in_(short))).rowcount
        if gone:
            push_jobs(connection, [Task("embed", {"all": True})], now)
        return gone

    changed = await database.write(work)
    after = await database.read(_codes)
    return Quantised(before[0], changed, before[1], after[1])


def size(connection: sa.Connection) -> int:
    """Return the bytes a database takes on the disk."""
    if is_postgresql(connection):
        return int(connection.exec_driver_sql(_SIZE + _OURS).scalar() or 0)
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    return int(pages or 0) * int(connection.exec_driver_sql("PRAGMA page_size").scalar() or 0)


def _free(connection: sa.Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA freelist_count").scalar() or 0)


def _codes(connection: sa.Connection) -> tuple[int, int]:
    total = sa.func.coalesce(sa.func.sum(sa.func.length(vector.c.code)), 0)
    row = connection.execute(sa.select(sa.func.count(), total).select_from(vector)).one()
    return int(row[0]), int(row[1])


def _halve(connection: sa.Connection, after: int) -> tuple[int, int]:
    """Cut the next vectors; return how many, and where to go on (0: nowhere)."""
    query = (
        sa.select(vector.c.seq, vector.c.code, model.c.dimension)
        .join(model, vector.c.model == model.c.key)
        .where(vector.c.seq > after, sa.func.length(vector.c.code) == 4 + 2 * model.c.dimension)
        .order_by(vector.c.seq)
        .limit(ROWS)
    )
    rows = connection.execute(query).all()
    if not rows:
        return 0, 0
    cut = sa.update(vector).where(vector.c.seq == sa.bindparam("which")).values(code=sa.bindparam("short"))
    connection.execute(cut, [{"which": row.seq, "short": bytes(row.code)[: 4 + row.dimension]} for row in rows])
    return len(rows), rows[-1].seq


def _short() -> sa.Select[tuple[int]]:
    joined = sa.select(vector.c.seq).join(model, vector.c.model == model.c.key)
    return joined.where(sa.func.length(vector.c.code) == 4 + model.c.dimension)
