"""Who has written: every process tells the others by NOTIFY, and looks by itself where that was not heard."""

from __future__ import annotations

import logging
import os
import selectors
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

log = logging.getLogger(__name__)

LOOK = 0.5
"""Seconds after which a process looks for itself whether anything was written: what was told may have been lost."""

PAUSE = 0.5
"""Seconds between attempts to connect again."""

_POSITION = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text"


class News:
    """A thread with one connection: it listens, tells what this process wrote, and counts whatever it hears.

    The telling is not part of the write: NOTIFY inside a transaction makes all transactions that do so commit one
    after the other. Should a process die in between, the position of the write-ahead log tells the others within
    LOOK seconds.
    A standby can tell nobody and hears nothing: there the position is all.
    """

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], channel: str, *, standby: bool = False) -> None:
        self._connect, self._channel, self._standby = connect, channel, standby
        self._lock = threading.Lock()
        self._count = 0
        self._hearing = False
        self._unsaid = False
        self._closed = False
        self._listeners: list[Callable[[], object]] = []
        self._out, self._in = os.pipe()
        self._thread = threading.Thread(target=self._run, name="recollect-news", daemon=True)
        self._thread.start()

    def stamp(self) -> int:
        """Return a number that is another one after every write by anyone, and at every look while nothing is heard."""
        return self._count if self._hearing else self._bump()

    def wrote(self) -> None:
        """Count a write of this process, and have the others told."""
        self._bump()
        if not self._standby and not self._unsaid:
            self._unsaid = True
            self._nudge()

    def listen(self, heard: Callable[[], object]) -> None:
        """Call `heard` when another process has told that it wrote."""
        self._listeners.append(heard)

    def close(self) -> None:
        """End the thread."""
        if not self._closed:
            self._closed = True
            self._nudge()
            self._thread.join()
            os.close(self._out)
            os.close(self._in)

    def _nudge(self) -> None:
        with suppress(OSError):
            os.write(self._in, b".")

    def _bump(self) -> int:
        with self._lock:
            self._count += 1
            return self._count

    def _run(self) -> None:
        while not self._closed:
            try:
                with self._connect() as connection:
                    self._follow(connection)
            except psycopg.Error as error:
                log.info("News of the database are not heard: %s", type(error).__name__)
            self._hearing = False
            if not self._closed:
                self._wait(PAUSE)

    def _wait(self, seconds: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            if selector.select(seconds):
                os.read(self._out, 4096)

    def _follow(self, connection: psycopg.Connection[Any]) -> None:
        if not self._standby:
            connection.execute(f'LISTEN "{self._channel}"')
        position = ""
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(self._out, selectors.EVENT_READ)
            while not self._closed:
                now = str(connection.execute(_POSITION).fetchone()[0])  # type: ignore[index]
                if now != position:
                    self._bump()
                position, self._hearing = now, True
                self._listen_until_due(connection, selector)

    def _listen_until_due(self, connection: psycopg.Connection[Any], selector: selectors.BaseSelector) -> None:
        """Hear and tell until LOOK seconds have passed without anything to do."""
        own = connection.info.backend_pid
        while not self._closed:
            ready = selector.select(LOOK if not self._standby else LOOK / 5)
            if not ready:
                return
            if any(key.fd == self._out for key, _ in ready):
                os.read(self._out, 4096)
            if self._unsaid and not self._closed:
                self._unsaid = False
                connection.execute(f'NOTIFY "{self._channel}"')
            if any(notice.pid != own for notice in connection.notifies(timeout=0)):
                self._bump()
                for heard in self._listeners:
                    heard()
