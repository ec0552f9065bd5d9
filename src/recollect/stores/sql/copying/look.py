"""What stands at a place that a store is to go to, seen without making anything there."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from recollect.stores.sql.copying.note import End, read_note
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.migrate import HEAD, version
from recollect.stores.sql.tables import KEPT, present


@dataclass(frozen=True, slots=True)
class Look:
    """The place's `state` in words, the database's version, and whether a store may go there."""

    state: str
    version: str = ""
    good: bool = True


def look(connection: sa.Connection) -> Look:
    """Look at a database."""
    asked = "SHOW server_version" if is_postgresql(connection) else "SELECT sqlite_version()"
    told = f"{connection.dialect.name} {connection.exec_driver_sql(asked).scalar_one()}"
    form, note = version(connection), read_note(connection)
    if form is not None and form > HEAD:
        return Look(f"of a later release (form {form})", told, good=False)
    if note is not None:
        return Look(f"{note.end} in a move, with {note.other}", told, good=note.end in {End.FILLED, End.LEFT})
    kept = present(connection) if form == HEAD else []
    used = [table.name for table in kept if table.name in KEPT and _has_rows(connection, table)]
    if used or form not in {None, HEAD}:
        why = f"there are rows in {used[0]}" if used else f"a store of form {form} is there"
        return Look(f"not empty: {why}", told, good=False)
    return Look("empty", told)


def _has_rows(connection: sa.Connection, table: sa.Table) -> bool:
    return connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None
