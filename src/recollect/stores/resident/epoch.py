"""Tells apart writes that change what is searched from all the others, of which there are many."""

from __future__ import annotations

import threading
from typing import Any

from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import SQLITE

HEADS = (
    "SELECT (SELECT max(seq) FROM change), (SELECT max(seq) FROM vector), (SELECT max(key) FROM tenant), "
    "(SELECT group_concat(key) FROM model)"
)
"""How far the change log and the vectors have come, and which tenants and models there are."""


class Epoch:
    """A number that is another one after every write that a search could see.

    Audit entries, search histories and jobs are written all the time, and change nothing that is searched: after such a
    write the ends of the tables are looked at (some 30 microseconds), and the number stays. So it is in SQLite, where
    writers wait for each other and the end of a log is its latest entry; elsewhere every write begins an epoch.
    """

    def __init__(self, database: Database) -> None:
        self._database, self._watch = database, database.watch()
        self._ordered = database.dialect.name == SQLITE
        self._lock = threading.Lock()
        self._seen: tuple[int, int] = (-1, 0)
        self._heads: tuple[Any, ...] = ()

    def now(self) -> int:
        """Return the present epoch; takes microseconds."""
        stamp = self._watch.stamp()
        seen, epoch = self._seen
        if stamp == seen or not self._ordered:
            return epoch if self._ordered else stamp
        with self._lock:
            epoch = self._seen[1]
            stamp = self._watch.stamp()  # first: what is written between this and the look is looked at once more
            heads = tuple(self._database.ask_now(HEADS, ())[0])
            epoch += int(heads != self._heads)
            self._heads, self._seen = heads, (stamp, epoch)
            return epoch

    def close(self) -> None:
        """Release what it holds; also after the database."""
        self._watch.close()
