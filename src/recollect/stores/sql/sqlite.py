"""One SQLite file, opened safely by many processes: connections, pragmas, and errors in our own words."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from recollect.errors import RecollectError, StoreBusy, StoreDamaged, StoreError, StoreFull, StoreReadOnly
from recollect.stores.sql.driver import Driver, PlainSqlite
from recollect.stores.sql.json_text import json_text
from recollect.stores.sql.left import LEFT, moved

T = TypeVar("T")

GLANCE = 0.002
"""Seconds for which a look at whether another process has written is good: searches look several times each."""

_FULL, _NORMAL = "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL"


class SqliteFile:
    """The Backing of one file: one connection writes, a few read. Durable by WAL and `synchronous=FULL`.

    What need not be durable is written by the same connection: another one would find its pages stale each time.
    """

    writers = 1

    def __init__(self, path: Path, *, readers: int, driver: Driver | None = None) -> None:
        self.dialect: sa.Dialect = sqlite.dialect(paramstyle="qmark")
        driver = driver or PlainSqlite()
        self._error = driver.error
        self._writer = _engine(driver, path, size=1)
        self._reader = _engine(driver, path, size=2 * readers + 2)
        self._turn = threading.Lock()
        self._pen: sa.Connection | None = None
        self._asking = threading.Lock()
        self._asker: Any = None
        self._watches: WeakSet[Watch] = WeakSet()
        self.writes = 0

    def prepare(self) -> None:
        """Do nothing: a file is made by opening it."""

    def write(self, work: Callable[[sa.Connection], T], *, durable: bool) -> T:
        """Run `work` under the writer's lock."""
        with self._turn, self.translated():
            connection = self._written()
            with connection.begin():
                return _run(connection, work, _FULL if durable else _NORMAL, "BEGIN IMMEDIATE")

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` over one consistent view."""
        with self.translated(), self._reader.begin() as connection:
            return _run(connection, work, "BEGIN")

    def ask(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of one statement."""
        with self._asking, self.translated():
            if self._asker is None:
                self._asker = _own_connection(self._reader)
            rows: list[Any] = self._asker.cursor().execute(statement, values).fetchall()
            return rows

    def outside(self, statements: Sequence[str]) -> list[Any]:
        """Run statements on the writer's connection, outside any transaction."""
        rows: list[Any] = []
        with self._turn, self.translated():
            driver = self._written().connection.dbapi_connection
            if driver is None:  # pragma: no cover - a pool always has one
                raise StoreError("The database connection is gone")
            for statement in statements:
                rows = driver.cursor().execute(statement).fetchall()
        return rows

    def settled(self) -> int | None:
        """Return `None`: writers follow each other, so that an entry is never seen before an earlier one."""
        return None

    def wrote(self) -> None:
        """Note a write of this process."""
        self.writes += 1

    def watch(self) -> Watch:
        """Return what tells, in microseconds, whether anyone has written."""
        made = Watch(self, self._reader)
        self._watches.add(made)
        return made

    def listen(self, heard: Callable[[], object]) -> None:
        """Do nothing: a file tells nobody. Who wants to know looks at a watch."""

    def translated(self) -> AbstractContextManager[None]:
        """Turn every error of the driver into one of ours."""
        return translated(self._error)

    def _written(self) -> sa.Connection:
        """Return the connection that writes: kept, for to take it from the pool each time takes as long as to begin."""
        if self._pen is None:
            self._pen = self._writer.connect()
        return self._pen

    def close(self) -> None:
        """Close every connection, those of watches that nobody closed among them."""
        for watch in list(self._watches):
            watch.close()
        if self._asker is not None:
            self._asker.close()
        if self._pen is not None:
            self._pen.close()
        self._writer.dispose()
        self._reader.dispose()


class Watch:
    """Tells whether the file has changed since it was last asked, whichever process wrote."""

    def __init__(self, file: SqliteFile, engine: sa.Engine) -> None:
        self._lock = threading.Lock()
        self._file = file
        self._seen = (-1, 0.0, 0)
        self._closed = False
        with file.translated():
            self._connection = _own_connection(engine)

    def stamp(self) -> int:
        """Return a number that is another one after every write by anyone (`PRAGMA data_version`).

        What this process wrote is known at once, what another one wrote after two milliseconds at the latest.
        """
        writes, now = self._file.writes, time.monotonic()
        seen, until, stamp = self._seen
        if seen == writes and now < until:
            return stamp
        with self._lock, self._file.translated():
            stamp = int(self._connection.cursor().execute("PRAGMA data_version").fetchone()[0])
            self._seen = (writes, now + GLANCE, stamp)
            return stamp

    def close(self) -> None:
        """Close the connection; what is closed stays so."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._connection.close()


def _run(connection: sa.Connection, work: Callable[[sa.Connection], T], *first: str) -> T:
    # Said here: an engine that has somebody listen for the beginning asks for listeners at every statement.
    cursor = connection.connection.cursor()
    for statement in first:
        cursor.execute(statement)
    return work(connection)


def _own_connection(engine: sa.Engine) -> PoolProxiedConnection:
    """Return a connection that leaves the pool for good, and is really closed whenever it is closed."""
    connection = engine.raw_connection()
    connection.detach()
    return connection


def _engine(driver: Driver, path: Path, *, size: int) -> sa.Engine:
    engine = sa.create_engine(
        f"sqlite+pysqlite:///{path}",
        module=driver.module,
        creator=partial(driver.connect, path),
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        json_serializer=json_text,
        hide_parameters=True,  # errors must not tell what people said
    )

    @sa.event.listens_for(engine, "connect")
    def opened(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout=30000")
        if not connection.execute("PRAGMA page_count").fetchone()[0]:
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of an empty file only: else it writes each time
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "cache_size=-16000",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


@contextmanager
def translated(raised: type[Exception] = sqlite3.Error) -> Iterator[None]:
    """Turn every error of the driver, whose errors have the root `raised`, into one of ours."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _ours(error.orig if isinstance(error.orig, Exception) else error) from error
    except raised as error:
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
    if str(error) == LEFT:
        return moved()
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        made = _BY_CODE.get(code) or _BY_CODE.get(code & 0xFF)
        if made is not None:
            return made(str(error))
    return StoreError(f"The database failed: {error}")
