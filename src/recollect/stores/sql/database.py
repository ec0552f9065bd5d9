"""A database behind threads: what runs as one transaction, on which thread, and what it is timed as."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from recollect.aside import on_thread
from recollect.errors import StoreError, StoreReadOnly
from recollect.meters import Meters
from recollect.models import Reach, walled
from recollect.stores.sql.backing import Backing, Following, Watch
from recollect.stores.sql.driver import Driver
from recollect.stores.sql.sqlite import SqliteFile

T = TypeVar("T")

READERS = 4


class Database:
    """One database and its threads: one or a few that write, a few that read.

    `place` is a file of SQLite, or another Backing. A function given to `read` or `write` runs as one transaction on
    one thread, so that a cancelled caller never leaves half of it behind. Writes are durable when they return. What is
    given to `write` may be run again, from the start and after a rollback, when the database asks for it.

    Searches read `searched`: the `replica`, which may lag behind, where there is one. It is closed with this one.
    `driver` is what opens the file; without one it is not encrypted.
    """

    def __init__(
        self,
        place: Path | Backing,
        *,
        readers: int = READERS,
        meters: Meters | None = None,
        replica: Database | None = None,
        driver: Driver | None = None,
    ) -> None:
        self._replica = replica
        self._meters = meters or Meters()
        self._backing = SqliteFile(place, readers=readers, driver=driver) if isinstance(place, Path) else place
        self._place = place
        self._write_threads = ThreadPoolExecutor(self._backing.writers, "recollect-write")
        self._read_threads = ThreadPoolExecutor(readers, "recollect-read")

    @property
    def path(self) -> Path:
        """The file; raise StoreError where the database is none."""
        if isinstance(self._place, Path):
            return self._place
        raise StoreError("This store is no file", hint="It is kept by a database server.")

    @property
    def is_shared(self) -> bool:
        """Whether it lies on a server, and others may be at work in it whatever this process does."""
        return not isinstance(self._place, Path)

    @property
    def searched(self) -> Database:
        """The database that searches read."""
        return self._replica or self

    @property
    def behind(self) -> tuple[bool, float | None] | None:
        """Whether searches read the replica, and for how many seconds it has lacked something (`None`: it is away).

        `None` where there is no replica.
        """
        if self._replica is not None:
            return self._replica.behind
        return self._backing.behind() if isinstance(self._backing, Following) else None

    @property
    def dialect(self) -> sa.Dialect:
        """The dialect that statements for `ask_now` are rendered in."""
        return self._backing.dialect

    async def write(self, work: Callable[[sa.Connection], T], *, durable: bool = True) -> T:
        """Run `work` in a transaction of its own; return what it returns once that is durable.

        With `durable` false it does not wait for the disk: right for what is made again after a crash (jobs, vectors).
        """
        with self._meters.timing("write"):
            return await on_thread(self._write_threads, lambda: self._writing(work, durable=durable))

    async def read(self, work: Callable[[sa.Connection], T], *, reach: Reach | None = None) -> T:
        """Run `work` over one consistent view; with `reach`, a database that has walls shows nothing beyond it."""
        with self._meters.timing("read"), walled(reach):
            return await on_thread(self._read_threads, lambda: self._backing.read(work))

    def prepare_now(self) -> None:
        """Make the place that the tables will be in, on the caller's thread."""
        self._backing.prepare()

    def write_now(self, work: Callable[[sa.Connection], T]) -> T:
        """Do the same as `write` on the caller's thread (opening and migrating)."""
        return self._writing(work, durable=True)

    def read_now(self, work: Callable[[sa.Connection], T], *, reach: Reach | None = None) -> T:
        """Do the same as `read` on the caller's thread, for callers that are on one of their own."""
        with walled(reach):
            return self._backing.read(work)

    def ask_now(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of one statement as the driver gives them, on the caller's thread.

        For the few rows that every search reads by key: a fourth of what the same costs through a transaction.
        """
        return self._backing.ask(statement, values)

    async def outside(self, *statements: str) -> list[Any]:
        """Run statements that may not stand in a transaction (checkpoints, vacuum); return the rows of the last."""

        def work() -> list[Any]:
            try:
                return self._backing.outside(statements)
            finally:
                self._backing.wrote()

        return await asyncio.get_running_loop().run_in_executor(self._write_threads, work)

    def outside_now(self, *statements: str) -> list[Any]:
        """Do the same as `outside` on the caller's thread."""
        return self._backing.outside(statements)

    async def settled(self) -> int | None:
        """Return the place in the change log up to which it is complete; `None` where it always is.

        To be asked before the view that the log is read in is opened.
        """
        return await on_thread(self._read_threads, self._backing.settled)

    def watch(self) -> Watch:
        """Return what tells, in microseconds, whether anyone has written."""
        return self._backing.watch()

    def listen(self, heard: Callable[[], object]) -> None:
        """Call `heard`, on a thread of its own, when another process has written and tells so."""
        self._backing.listen(heard)

    async def close(self) -> None:
        """Finish what is running, then close every connection."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """Close on the caller's thread."""
        self._write_threads.shutdown()
        self._read_threads.shutdown()
        self._backing.close()
        if self._replica is not None:
            self._replica.close_now()

    def _writing(self, work: Callable[[sa.Connection], T], *, durable: bool) -> T:
        try:
            return self._backing.write(work, durable=durable)
        finally:
            self._backing.wrote()


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
