"""What opens the file of a store: SQLite as Python has it, or a build that encrypts (`stores.sqlcipher.driver`)."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

BUSY_SECONDS = 30.0


class Driver(Protocol):
    """A DB-API module that speaks SQLite, and how it opens a file."""

    module: ModuleType
    """What SQLAlchemy is to work with."""

    error: type[Exception]
    """The root of the errors it raises; they carry `sqlite_errorcode`."""

    def connect(self, path: Path) -> Any:
        """Return a connection that any thread may use, that begins no transaction by itself, and that waits 30 s."""


class PlainSqlite:
    """SQLite of Python's own library: whoever can read the file can read what is in it."""

    module: ModuleType = sqlite3
    error: type[Exception] = sqlite3.Error

    def connect(self, path: Path) -> sqlite3.Connection:
        """Return a connection."""
        return sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
