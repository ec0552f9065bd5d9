"""One SQLite file, opened safely by many processes: connections, threads, pragmas, and errors in our own words."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from recollect.errors import RecollectError, StoreBusy, StoreDamaged, StoreError, StoreFull, StoreReadOnly
from recollect.meters import Meters

T = TypeVar("T")

BUSY_SECONDS = 30.0
READERS = 4
GLANCE = 0.002
"""Seconds for which a look at whether another process has written is good: searches look several times each."""

_RENDER = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))


class Database:
    """The file and its connections: one writer, a few readers, each on threads of their own.

    A function given to `read` or `write` runs as one transaction on one thread, so that a cancelled caller never leaves
    half of it behind. Writes are durable when they return (WAL, `synchronous=FULL`).
    """

    def __init__(self, path: Path, *, readers: int = READERS, meters: Meters | None = None) -> None:
        self.path = path
        self._meters = meters or Meters()
        self._writer = _engine(path, size=1, begin="BEGIN IMMEDIATE")
        self._lazy_writer = _engine(path, size=1, begin="BEGIN IMMEDIATE", durable=False)
        self._reader = _engine(path, size=2 * readers + 2, begin="BEGIN")
        self._write_thread = ThreadPoolExecutor(1, "recollect-write")
        self._read_threads = ThreadPoolExecutor(readers, "recollect-read")
        self._asking = threading.Lock()
        self._asker: Any = None
        self.writes = 0

    async def write(self, work: Callable[[sa.Connection], T], *, durable: bool = True) -> T:
        """Run `work` in a transaction of its own; return what it returns once that is durable.

        With `durable` false it does not wait for the disk: right for what is made again after a crash (jobs, vectors).
        """
        engine = self._writer if durable else self._lazy_writer
        with self._meters.timing("write"):
            return await self._run(self._write_thread, self._writing, engine, work)

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` over one consistent view."""
        with self._meters.timing("read"):
            return await self._run(self._read_threads, _transact, self._reader, work)

    def write_now(self, work: Callable[[sa.Connection], T]) -> T:
        """Do the same as `write` on the caller's thread (opening and migrating)."""
        return self._writing(self._writer, work)

    def read_now(self, work: Callable[[sa.Connection], T]) -> T:
        """Do the same as `read` on the caller's thread, for callers that are on one of their own."""
        return _transact(self._reader, work)

    def ask_now(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of one statement as the driver gives them, on the caller's thread.

        For the few rows that every search reads by key: a fourth of what the same costs through a transaction.
        """
        with self._asking, translated():
            if self._asker is None:
                self._asker = _own_connection(self._reader)
            rows: list[Any] = self._asker.cursor().execute(statement, values).fetchall()
            return rows

    async def outside(self, *statements: str) -> list[Any]:
        """Run statements that may not stand in a transaction (checkpoints, vacuum); return the rows of the last.

        They run on the writer's thread.
        """

        def work() -> list[Any]:
            rows: list[Any] = []
            with translated(), self._writer.connect() as connection:
                driver = connection.connection.dbapi_connection
                if driver is None:  # pragma: no cover - a pool always has one
                    raise StoreError("The database connection is gone")
                for statement in statements:
                    rows = driver.cursor().execute(statement).fetchall()
            self.writes += 1
            return rows

        return await asyncio.get_running_loop().run_in_executor(self._write_thread, work)

    def watch(self) -> Watch:
        """Return what tells, in microseconds, whether anyone has written."""
        return Watch(self, self._reader)

    async def close(self) -> None:
        """Finish what is running, then close every connection."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """Close on the caller's thread."""
        self._write_thread.shutdown()
        self._read_threads.shutdown()
        if self._asker is not None:
            self._asker.close()
        self._writer.dispose()
        self._lazy_writer.dispose()
        self._reader.dispose()

    async def _run(
        self,
        pool: ThreadPoolExecutor,
        transact: Callable[[sa.Engine, Callable[[sa.Connection], T]], T],
        engine: sa.Engine,
        work: Callable[[sa.Connection], T],
    ) -> T:
        future = asyncio.get_running_loop().run_in_executor(pool, transact, engine, work)
        return await asyncio.shield(future)

    def _writing(self, engine: sa.Engine, work: Callable[[sa.Connection], T]) -> T:
        try:
            return _transact(engine, work)
        finally:
            self.writes += 1


class Watch:
    """Tells whether the file has changed since it was last asked, whichever process wrote."""

    def __init__(self, database: Database, engine: sa.Engine) -> None:
        self._lock = threading.Lock()
        self._database = database
        self._seen = (-1, 0.0, 0)
        with translated():
            self._connection = _own_connection(engine)

    def stamp(self) -> int:
        """Return a number that is another one after every write by anyone (`PRAGMA data_version`).

        What this process wrote is known at once, what another one wrote after two milliseconds at the latest.
        """
        writes, now = self._database.writes, time.monotonic()
        seen, until, stamp = self._seen
        if seen == writes and now < until:
            return stamp
        with self._lock, translated():
            stamp = int(self._connection.cursor().execute("PRAGMA data_version").fetchone()[0])
            self._seen = (writes, now + GLANCE, stamp)
            return stamp

    def close(self) -> None:
        """Close the connection; also after the database."""
        self._connection.close()


def _own_connection(engine: sa.Engine) -> PoolProxiedConnection:
    """Return a connection that leaves the pool for good, and is really closed whenever it is closed."""
    connection = engine.raw_connection()
    connection.detach()
    return connection


def _transact(engine: sa.Engine, work: Callable[[sa.Connection], T]) -> T:
    with translated(), engine.begin() as connection:
        return work(connection)


def _engine(path: Path, *, size: int, begin: str, durable: bool = True) -> sa.Engine:
    engine = sa.create_engine(
        f"sqlite+pysqlite:///{path}",
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None},
        json_serializer=_RENDER,
        hide_parameters=True,  # errors must not tell what people said
    )

    @sa.event.listens_for(engine, "connect")
    def opened(driver: Any, _record: object) -> None:
        driver.execute("PRAGMA busy_timeout=30000")
        if not driver.execute("PRAGMA page_count").fetchone()[0]:
            driver.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of an empty file only: later it would write each time
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL" if durable else "synchronous=NORMAL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "cache_size=-16000",
            "temp_store=MEMORY",
        ):
            driver.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def translated() -> Iterator[None]:
    """Turn every error of the driver into one of ours."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _ours(error.orig if isinstance(error.orig, Exception) else error) from error
    except sqlite3.Error as error:
        raise _ours(error) from error
    except (UnicodeEncodeError, OverflowError) as error:  # the driver's own, for what it cannot bind
        raise StoreError(f"The store cannot hold a value ({error})", hint="Nothing was written.") from error
    except sa.exc.SQLAlchemyError as error:
        raise StoreError(f"The database failed: {error}") from error


def _full(_: str) -> StoreFull:
    return StoreFull(
        "The disk is full, so nothing was written", hint="Free some space and try again; what was saved is safe."
    )


_BY_CODE: dict[int, Callable[[str], RecollectError]] = {
    sqlite3.SQLITE_BUSY: lambda _: StoreBusy(
        "Another process kept the store locked for too long", hint="Try again; nothing was written."
    ),
    sqlite3.SQLITE_LOCKED: lambda _: StoreBusy("The store is locked", hint="Try again; nothing was written."),
    sqlite3.SQLITE_FULL: _full,
    sqlite3.SQLITE_IOERR_SHMSIZE: _full,  # no room for the index of the write-ahead log
    sqlite3.SQLITE_READONLY: lambda _: StoreReadOnly(
        "The store cannot be written", hint="Check the permissions of the data directory and its files."
    ),
    sqlite3.SQLITE_CANTOPEN: lambda _: StoreReadOnly(
        "The store cannot be opened", hint="Check that the data directory exists and may be written."
    ),
    sqlite3.SQLITE_PERM: lambda _: StoreReadOnly(
        "The store may not be opened", hint="Check the permissions of the data directory and its files."
    ),
    sqlite3.SQLITE_CORRUPT: lambda text: StoreDamaged(
        f"The database file is damaged ({text})",
        hint="It was left untouched. Restore a backup, or move it away to start anew.",
    ),
    sqlite3.SQLITE_NOTADB: lambda _: StoreDamaged(
        "The file is not a recollect database", hint="It was left untouched. Name another data directory (--home)."
    ),
    sqlite3.SQLITE_IOERR: lambda text: StoreError(
        f"The disk failed while the store was used ({text})", hint="Check the device; what was acknowledged is safe."
    ),
}


def _ours(error: Exception) -> RecollectError:
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        made = _BY_CODE.get(code) or _BY_CODE.get(code & 0xFF)
        if made is not None:
            return made(str(error))
    return StoreError(f"The database failed: {error}")


def prepare_home(home: Path) -> None:
    """Make the data directory, readable by its owner only; raise StoreReadOnly when that cannot be done."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreReadOnly(
            f"The data directory {home} cannot be made ({error.strerror})", hint="Name another one with --home."
        ) from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise StoreReadOnly(f"The data directory {home} cannot be written", hint="Name another one with --home.")
