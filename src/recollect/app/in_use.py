"""Keeps everybody from opening a store that is not in use: one that was left for another, or is being filled."""

from __future__ import annotations

from recollect.errors import StoreError
from recollect.stores.sql.copying.note import End, read_note
from recollect.stores.sql.database import Database
from recollect.stores.sql.left import moved


def check_in_use(database: Database) -> None:
    """Raise StoreMoved for a store that was left, StoreError for one that is being filled."""
    note = database.read_now(read_note)
    if note is None or note.end in {End.COPIED, End.TAKEN}:
        return
    if note.end is End.LEFT:
        raise moved(note.other)
    raise StoreError(
        f"The store is being filled from {note.other}",
        hint="`recollect migrate --to` with its address, given where that one is, goes on; or name another store.",
    )
