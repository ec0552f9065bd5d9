"""Searches at a streaming replica, as long as it is there and has what the database itself has.

Twice a second each process asks both how far they have come. A replica that lacks for longer than `lag` seconds what
the database then had is passed over until it has caught up, and so is one that cannot be reached: searches go on at the
database itself. So what was written is found by every search that begins `lag` seconds later, and mostly much sooner.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa

from recollect.errors import StoreBusy, StoreError
from recollect.stores.postgres.errors import TOO_LONG, sqlstate
from recollect.stores.postgres.server import PostgresServer, Watch

T = TypeVar("T")

log = logging.getLogger(__name__)

LOOK = 0.5
"""Seconds between two looks at both servers."""

UNHEARD = frozenset(("3F000", "42P01", "42703"))
"""What a server says that knows no such schema, table or column."""

_WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
_REPLAYED = """
SELECT pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, '0/0')
::bigint
"""


class Lag:
    """How long a replica has lacked something: from looks at how far both had come."""

    def __init__(self) -> None:
        self._lacked: deque[tuple[float, int]] = deque()

    def note(self, now: float, written: int | None, replayed: int) -> float:
        """Return the seconds for which the replica has lacked what was written; `written` is `None` where unknown."""
        if written is not None and (not self._lacked or written > self._lacked[-1][1]):
            self._lacked.append((now, written))
        while self._lacked and self._lacked[0][1] <= replayed:
            self._lacked.popleft()
        return now - self._lacked[0][0] if self._lacked else 0.0


class Replica:
    """A Backing that searches read: the replica while it is good enough, else the database itself."""

    writers = 1

    def __init__(self, primary: PostgresServer, standby: PostgresServer, *, lag: float) -> None:
        self.dialect: sa.Dialect = primary.dialect
        self._primary, self._standby, self._most = primary, standby, lag
        self._good = False
        self._behind: float | None = None
        self._switches = 0
        self._turning = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recollect-replica", daemon=True)
        self._thread.start()

    @property
    def good(self) -> bool:
        """Whether searches read the replica now."""
        return self._good

    def behind(self) -> tuple[bool, float | None]:
        """Return whether the replica is read, and the seconds for which it has lacked something; `None`: it is away."""
        return self._good, self._behind

    def prepare(self) -> None:
        """Do nothing: a replica has what the database has."""

    def write(self, work: Callable[[sa.Connection], T], *, durable: bool) -> T:
        """Write to the database itself."""
        return self._primary.write(work, durable=durable)

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` over one consistent view, of the replica where it is good enough."""
        return self._either(lambda server: server.read(work))

    def ask(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of one statement."""
        return self._either(lambda server: server.ask(statement, values))

    def settled(self) -> int | None:
        """Return the place up to which the change log is complete, as the database itself tells it."""
        return self._primary.settled()

    def outside(self, statements: Sequence[str]) -> list[Any]:
        """Run statements outside a transaction, in the database itself."""
        return self._primary.outside(statements)

    def wrote(self) -> None:
        """Pass on that this process has written."""
        self._primary.wrote()

    def watch(self) -> Watching:
        """Return what tells whether there is anything new where searches read."""
        return Watching(self, self._primary.watch(), self._standby.watch())

    def listen(self, heard: Callable[[], object]) -> None:
        """Call `heard` when another process has written."""
        self._primary.listen(heard)

    def translated(self) -> AbstractContextManager[None]:
        """Turn every error of the driver into one of ours."""
        return self._primary.translated()

    def close(self) -> None:
        """Close what leads to the replica; the database itself is closed by whoever opened it."""
        self._over.set()
        self._thread.join()
        self._standby.close()

    def place(self) -> tuple[bool, int]:
        """Return whether the replica is read, and how often that has changed."""
        return self._good, self._switches

    def _either(self, work: Callable[[PostgresServer], T]) -> T:
        if self._good:
            try:
                return work(self._standby)
            except StoreError as error:
                state = sqlstate(error.__cause__) if isinstance(error.__cause__, Exception) else ""
                # It is gone, threw the query out to go on replaying, or has not heard of the tables yet.
                if not (isinstance(error, StoreBusy) and state != TOO_LONG) and state not in UNHEARD:
                    raise
                log.info("A search goes on at the database itself: %s", error.message)
                self._turn(good=False)
        return work(self._primary)

    def _turn(self, *, good: bool) -> None:
        with self._turning:
            if good == self._good:
                return
            self._switches += 1
            self._good = good
        log.info("Searches read %s", "the replica" if good else "the database itself")

    def _run(self) -> None:
        lag, doors = Lag(), _Doors(self._primary, self._standby)
        while not self._over.is_set():
            written, replayed = doors.ask(0, _WRITTEN), doors.ask(1, _REPLAYED)
            behind = lag.note(time.monotonic(), written, 0 if replayed is None else replayed)
            self._behind = None if replayed is None else behind
            self._turn(good=replayed is not None and behind <= self._most)
            self._over.wait(LOOK)
        doors.close()


class _Doors:
    """A connection to each of several servers, made again where it was lost."""

    def __init__(self, *servers: PostgresServer) -> None:
        self._servers = servers
        self._open: list[psycopg.Connection[Any] | None] = [None for _ in servers]

    def ask(self, which: int, statement: str) -> int | None:
        """Return the number a server answers, `None` where it does not answer."""
        try:
            door = self._open[which] or self._servers[which].door()
            self._open[which] = door
            row = door.execute(statement).fetchone()
        except (psycopg.Error, StoreError):
            self._shut(which)
            return None
        return None if row is None or row[0] is None else int(row[0])

    def close(self) -> None:
        for which in range(len(self._servers)):
            self._shut(which)

    def _shut(self, which: int) -> None:
        door, self._open[which] = self._open[which], None
        if door is not None:
            door.close()


class Watching:
    """Tells whether there is anything new where searches read."""

    def __init__(self, replica: Replica, primary: Watch, standby: Watch) -> None:
        self._replica, self._primary, self._standby = replica, primary, standby

    def stamp(self) -> int:
        """Return a number that is another one after every write that a search could see."""
        good, switches = self._replica.place()
        return (switches << 48) + (self._standby if good else self._primary).stamp()

    def close(self) -> None:
        """Release what it holds."""
        self._primary.close()
        self._standby.close()
