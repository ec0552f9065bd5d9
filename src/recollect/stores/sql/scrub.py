"""Wipes what deletes have left in the database, so that deleted text is in none of its pages."""

from __future__ import annotations

from recollect.errors import StoreBusy
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import POSTGRESQL
from recollect.stores.sql.schema import metadata


async def rewrite(database: Database) -> None:
    """Have a server write its tables anew, so that its files hold no byte of what was deleted; no-op for a file.

    Each table is locked meanwhile, for readers too.
    """
    if database.dialect.name == POSTGRESQL:
        await database.outside(*(f'VACUUM FULL "{name}"' for name in metadata.tables))


async def scrub(database: Database) -> None:
    """Take out of the database what is gone from it.

    SQLite overwrites deleted rows itself (`secure_delete`), but the word index keeps old terms until its segments are
    merged, and the log keeps old pages until it is truncated. Raises StoreBusy when somebody reads for so long that the
    log cannot be emptied.

    PostgreSQL keeps deleted rows until they are vacuumed, and its pages and write-ahead log give their bytes free for
    others to be written over.
    """
    if database.dialect.name == POSTGRESQL:
        await database.outside(*(f'VACUUM "{name}"' for name in metadata.tables))
        return
    ((busy, *_),) = await database.outside(
        "INSERT INTO words(words) VALUES ('optimize')",
        "PRAGMA incremental_vacuum",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    )
    if busy:
        raise StoreBusy("Another process is reading what was deleted", hint="It is wiped once that process is done.")
