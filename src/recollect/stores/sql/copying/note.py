"""What each of two stores notes about being moved: which pair it is of, which end, and how far it is.

The note stands in the database itself, so that it changes with the rows it speaks of, and whoever opens one of the two
by an old address hears of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.schema.core import Key

OWN = sa.MetaData()
"""Tables that only a store that is or was moved has."""

_note = sa.Table(
    "move_note",
    OWN,
    sa.Column("key", Key, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("end", sa.Text, nullable=False),
    sa.Column("other", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("passing", sa.Boolean, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
)
"""One row. `passing` is true only inside a transaction of ours, which may pass the fence around a left store."""


class End(StrEnum):
    """Which end of a move a store is."""

    COPIED = "copied"
    """It is in use, and being copied: what changes in it is noted."""
    FILLED = "filled"
    """It is being filled, and not in use yet."""
    LEFT = "left"
    """It was in use until the other one took its place: nobody may write to it."""
    TAKEN = "taken"
    """It is in use, and notes what changes, so that there is a way back."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a store notes: the id of the pair, its end of it, the address of the other, when, and how far it is."""

    id: str
    end: End
    other: str
    at: int
    detail: Mapping[str, Any] = field(default_factory=dict)

    def further(self, **detail: Any) -> Note:
        """Return the note with more said about how far it is."""
        return replace(self, detail={**self.detail, **detail})


def read_note(connection: sa.Connection) -> Note | None:
    """Return what a store notes, `None` where it was never moved."""
    asked = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'move_note'"
    if is_postgresql(connection):
        asked = "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'move_note'"
    if connection.exec_driver_sql(asked).first() is None:
        return None
    row = connection.execute(sa.select(_note)).first()
    return None if row is None else Note(row.id, End(row.end), row.other, row.at, json.loads(row.detail))


def write_note(connection: sa.Connection, note: Note) -> None:
    """Write the note in place of the one that is there."""
    OWN.create_all(connection)
    connection.execute(sa.delete(_note))
    values = {"key": 1, "id": note.id, "end": note.end.value, "other": note.other, "at": note.at, "passing": False}
    connection.execute(sa.insert(_note).values(**values, detail=json.dumps(note.detail)))


def drop_note(connection: sa.Connection) -> None:
    """Forget that the store was ever moved."""
    OWN.drop_all(connection)


def let_pass(connection: sa.Connection, *, through: bool) -> None:
    """Let this transaction write to a store that was left, or no longer; it must be closed again before the end."""
    connection.execute(sa.update(_note).values(passing=through))
