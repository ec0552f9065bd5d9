"""Wipes what deletes have left in the file, so that deleted text is in none of its pages."""

from __future__ import annotations

from recollect.errors import StoreBusy
from recollect.stores.sql.database import Database


async def scrub(database: Database) -> None:
    """Rewrite the word index without what is gone, give free pages back, and empty the write-ahead log.

    SQLite overwrites deleted rows itself (`secure_delete`), but the word index keeps old terms until its segments are
    merged, and the log keeps old pages until it is truncated. Raises StoreBusy when somebody reads for so long that the
    log cannot be emptied.
    """
    ((busy, *_),) = await database.outside(
        "INSERT INTO words(words) VALUES ('optimize')",
        "PRAGMA incremental_vacuum",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    )
    if busy:
        raise StoreBusy("Another process is reading what was deleted", hint="It is wiped once that process is done.")
