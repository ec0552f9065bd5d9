"""The first copy: every table, by key, in pages, each page and how far it goes in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from recollect.errors import StoreBusy, StoreError, StoreMoved
from recollect.stores.sql.copying.apply import drop_own_jobs, name_the_culprit
from recollect.stores.sql.copying.note import Note, write_note
from recollect.stores.sql.copying.rows import Row, key_of, page, put, tables
from recollect.stores.sql.database import Database

Tell = Callable[[str, int], None]
"""Hears of rows that were copied: the table, and how many more."""


def copy_all(source: Database, target: Database, note: Note, batch: int, tell: Tell) -> Note:
    """Copy what is there, going on after the keys that `note` names; return the note with everything copied.

    Rows that change meanwhile are seen before or after their change, and some not at all: all of that is in the list
    of changes.
    """
    for table in tables():
        note = _copy(source, target, table, note, batch, tell)
    return note


def _copy(source: Database, target: Database, table: sa.Table, note: Note, batch: int, tell: Tell) -> Note:
    while True:
        reached = note.detail.get("reached", {})
        if reached.get(table.name) == []:
            return note
        after: Row | None = tuple(reached[table.name]) if table.name in reached else None
        rows = source.read_now(partial(page, table=table, after=after, limit=batch))
        last = list(key_of(table, rows[-1])) if rows else []
        note = note.further(reached={**reached, table.name: last})
        _write(target, table, rows, note)
        tell(table.name, len(rows))


def _write(target: Database, table: sa.Table, rows: list[Row], note: Note) -> None:
    def work(connection: sa.Connection) -> None:
        put(connection, table, rows)
        drop_own_jobs(connection)
        write_note(connection, note)

    try:
        target.write_now(work)
    except (StoreBusy, StoreMoved):
        raise
    except StoreError:
        name_the_culprit(target, table, rows)
        raise
