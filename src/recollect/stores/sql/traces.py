"""Looks for what was forgotten in the rows themselves: what still belongs to it by number, and what still says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from recollect.errors import RecollectError
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import is_postgresql, place_of
from recollect.stores.sql.schema import chunk, memory
from recollect.stores.sql.tables import present
from recollect.stores.sql.write import some

AT_ONCE: Final = 20
"""Pieces that one reading of a table looks for."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What memories are known by inside a store: their own keys, and those of their chunks."""

    memories: tuple[int, ...] = ()
    chunks: tuple[int, ...] = ()


def numbers_of(connection: sa.Connection, ids: Sequence[str]) -> Numbers:
    """Return the numbers of memories, while they are there."""
    keys: list[int] = []
    chunks: list[int] = []
    for part in some(list(ids)):
        keys += connection.execute(sa.select(memory.c.key).where(memory.c.id.in_(part))).scalars()
    for numbers in some(keys):
        chunks += connection.execute(sa.select(chunk.c.key).where(chunk.c.memory.in_(numbers))).scalars()
    return Numbers(tuple(keys), tuple(chunks))


def left_by_number(connection: sa.Connection, numbers: Numbers) -> dict[str, int]:
    """Return how many rows of each table still belong to one of these; tables without any are left out."""
    found: dict[str, int] = {}
    for table in present(connection):
        for column in table.columns:
            wanted: Sequence[int] = ()
            for foreign in column.foreign_keys:
                wanted = {memory.c.key: numbers.memories, chunk.c.key: numbers.chunks}.get(foreign.column, ())
            if column is memory.c.key:
                wanted = numbers.memories
            count = sum(
                connection.execute(sa.select(sa.func.count()).select_from(table).where(column.in_(part))).scalar_one()
                for part in some(list(wanted))
            )
            if count:
                found[table.name] = found.get(table.name, 0) + count
    return found


def saying(connection: sa.Connection, pieces: Sequence[str]) -> list[tuple[str, str]]:
    """Return (table, piece) for every piece that stands in a column of text or JSON of a table."""
    found: list[tuple[str, str]] = []
    if is_postgresql(connection):
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    for table in present(connection):
        columns = [sa.cast(one, sa.Text) for one in table.columns if isinstance(one.type, sa.Text | sa.JSON)]
        for start in range(0, len(pieces) if columns else 0, AT_ONCE):
            part = pieces[start : start + AT_ONCE]
            there = [sa.func.max(sa.case((_any(columns, piece), 1), else_=0)) for piece in part]
            row = connection.execute(sa.select(*there).select_from(table)).one()
            found += [(table.name, piece) for piece, held in zip(part, row, strict=True) if held]
    return found


def _any(columns: Sequence[sa.ColumnElement[str]], piece: str) -> sa.ColumnElement[bool]:
    return sa.or_(*(place_of(column, piece) > 0 for column in columns))


def server_files(database: Database) -> list[Path]:
    """Return the files a server keeps our tables and indexes in, where they are on this machine and may be read."""
    asked = (
        "SELECT current_setting('data_directory') || '/' || pg_relation_filepath(c.oid) FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN (current_schema(), 'pg_toast') "
        "AND c.relkind IN ('r', 'i', 't') AND pg_relation_filepath(c.oid) IS NOT NULL"
    )
    try:
        names = database.read_now(lambda connection: list(connection.exec_driver_sql(asked).scalars()))
        files = [path for name in names for path in Path(name).parent.glob(f"{Path(name).name}*")]
        return [path for path in files if path.is_file() and path.stat().st_size]
    except (RecollectError, OSError):
        return []
