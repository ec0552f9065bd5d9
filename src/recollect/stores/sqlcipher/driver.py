"""Opens an encrypted file through SQLCipher: SQLite whose every page is AES-256, with an HMAC that shows any change."""

from __future__ import annotations

import secrets
import threading
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from sqlcipher3 import dbapi2

from recollect.stores.sql.driver import BUSY_SECONDS
from recollect.stores.sqlcipher.key import SALT, Key

NOT_THIS_KEY: Final = 26
"""SQLITE_NOTADB: what page 1 looks like under any key but its own."""


class SqlCipher:
    """The Driver of files that one key opens."""

    module: ModuleType = dbapi2
    error: type[Exception] = dbapi2.Error

    def __init__(self, key: Key) -> None:
        self._key = key
        self._lock = threading.Lock()
        self._fresh = secrets.token_bytes(SALT)
        self._made: dict[bytes, str] = {}

    def connect(self, path: Path) -> Any:
        """Return a connection that has its key; whether that is the right one shows when it first reads."""
        connection = unlocked(path, timeout=BUSY_SECONDS)
        connection.execute(f"PRAGMA key = {self.literal(path)}")
        return connection

    def literal(self, path: Path) -> str:
        """Return the key of a file as SQL writes it; of a passphrase it is made once for each salt."""
        salt = salt_of(path) or self._fresh
        with self._lock:
            if salt not in self._made:
                self._made[salt] = self._key.digits(salt)
            return f"\"x'{self._made[salt]}'\""

    def fits(self, path: Path) -> bool:
        """Whether the key opens the file; an empty one is given its head, so that it is this key's from now on.

        It is looked at twice: another process may have begun the file, or exchanged it, in between.
        """
        return self._tried(path) or self._tried(path)

    def _tried(self, path: Path) -> bool:
        with closing(self.connect(path)) as connection:
            try:
                if not connection.execute("PRAGMA page_count").fetchone()[0]:
                    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
                    connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except dbapi2.Error as error:
                if getattr(error, "sqlite_errorcode", None) == NOT_THIS_KEY:
                    return False
                raise
        return True


def unlocked(path: Path, *, timeout: float) -> Any:
    """Return a connection without a key: it reads plain files, and may be given a key for others."""
    connection = dbapi2.connect(path, timeout=timeout, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to stderr what is raised anyway
    return connection


def salt_of(path: Path) -> bytes:
    """Return what the keys of a file are salted with, empty where it is not there or empty."""
    try:
        with path.open("rb") as file:
            return file.read(SALT)
    except FileNotFoundError:
        return b""
