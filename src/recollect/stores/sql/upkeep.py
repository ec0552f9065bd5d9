"""Looking after a database: its state, its soundness, its index built anew, and memories by the end of their id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from recollect.exchange import Census, Condition, Reindexed
from recollect.models import Chunk, Memory
from recollect.stores.sql import figures
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.lock import TENANT, hold
from recollect.stores.sql.migrate import analysis_of, note_analysis, version
from recollect.stores.sql.row import from_row, select_memory
from recollect.stores.sql.schema import chunk, memory
from recollect.stores.sql.vectors import HAS_BOX, count_unembedded, held_by_model
from recollect.stores.sql.write import some

_INVALID = """
SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND n.nspname = current_schema()
"""
_SCOPE = "'t' || :tenant"
_OUT = sa.text(f"INSERT INTO words(words, rowid, scope, terms) VALUES ('delete', :key, {_SCOPE}, :terms)")  # noqa: S608
_IN = sa.text(f"INSERT INTO words(rowid, scope, terms) VALUES (:key, {_SCOPE}, :terms)")  # noqa: S608


class SqlUpkeep:
    """The Upkeep port over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def condition(self, model: str) -> Condition:
        """Return the state of the store."""
        return await self._database.read(lambda connection: _condition(connection, model))

    async def problems(self) -> list[str]:
        """Return what SQLite's quick check finds; of PostgreSQL, which checks itself, the indexes it has given up."""

        def work(connection: sa.Connection) -> list[str]:
            if is_postgresql(connection):
                return [f"the index {name} is not valid" for name in connection.exec_driver_sql(_INVALID).scalars()]
            found = connection.exec_driver_sql("PRAGMA quick_check(20)").scalars().all()
            return [str(line) for line in found if line != "ok"]

        return await self._database.read(work)

    async def reindex(self, after: int, index: Callable[[Memory], Sequence[Chunk]], *, limit: int = 500) -> Reindexed:
        """Bring the chunks of some memories to what `index` says; nothing is written where they are so already."""

        def work(connection: sa.Connection) -> Reindexed:
            query = select_memory().where(memory.c.key > after, ~HAS_BOX).order_by(memory.c.key).limit(limit)
            rows = connection.execute(query).mappings().all()
            hold(connection, TENANT, {row["tenant"] for row in rows})
            there = _chunks(connection, [row["key"] for row in rows])
            changed = 0
            for row in rows:
                wanted = index(from_row(row))
                changed += _renewed(connection, row["key"], row["tenant"], there.get(row["key"], []), wanted)
            return Reindexed(rows[-1]["key"] if len(rows) == limit else None, len(rows), changed)

        return await self._database.write(work)

    async def settle(self, analysis: int) -> None:
        """Build the word index anew and note the analysis version."""

        def work(connection: sa.Connection) -> None:
            if not is_postgresql(connection):  # there the index is the table's own, and always right
                connection.exec_driver_sql("INSERT INTO words(words) VALUES ('rebuild')")
            note_analysis(connection, analysis)

        await self._database.write(work)

    async def census(self, since: datetime) -> Census:
        """Count everything in the store."""
        return await self._database.read(lambda connection: figures.census(connection, since))

    async def ending(self, digits: str, *, limit: int = 3) -> list[str]:
        """Return ids that end in these characters."""
        start = sa.func.length(memory.c.id) - len(digits) + 1
        query = sa.select(memory.c.id).where(start > 0, sa.func.substr(memory.c.id, start) == digits).limit(limit)
        return await self._database.read(lambda connection: list(connection.execute(query).scalars()))


def _condition(connection: sa.Connection, name: str) -> Condition:
    def count(table: sa.Table) -> int:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())

    return Condition(
        schema=version(connection),
        analysis=analysis_of(connection),
        journal=_journal(connection),
        memories=count(memory),
        chunks=count(chunk),
        unembedded=count_unembedded(connection, name),
        models=held_by_model(connection),
    )


def _journal(connection: sa.Connection) -> str:
    """Return how the database keeps a crash from losing anything."""
    if not is_postgresql(connection):
        return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
    return "wal" if connection.exec_driver_sql("SHOW fsync").scalar() == "on" else "fsync off"


def _chunks(connection: sa.Connection, keys: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for part in some(keys):
        query = sa.select(chunk).where(chunk.c.memory.in_(part)).order_by(chunk.c.position)
        for row in connection.execute(query):
            found.setdefault(row.memory, []).append(row)
    return found


def _renewed(connection: sa.Connection, key: int, owner: int, there: Sequence[Any], wanted: Sequence[Chunk]) -> bool:
    """Bring one memory's chunks to what is wanted; tell whether anything had to be done."""
    if [_as_chunk(row) for row in there] == list(wanted):
        return False
    if [(row.start, row.end) for row in there] == [(piece.start, piece.end) for piece in wanted]:
        words = not is_postgresql(connection)
        for row, piece in zip(there, wanted, strict=True):
            if words:
                connection.execute(_OUT, {"key": row.key, "tenant": owner, "terms": row.terms})
            values = {"position": piece.position, "terms": piece.terms, "words": piece.words}
            connection.execute(sa.update(chunk).where(chunk.c.key == row.key).values(values))
            if words:
                connection.execute(_IN, {"key": row.key, "tenant": owner, "terms": piece.terms})
        return True
    connection.execute(sa.delete(chunk).where(chunk.c.memory == key))
    if wanted:
        connection.execute(sa.insert(chunk), [{**asdict(piece), "memory": key, "tenant": owner} for piece in wanted])
    return True


def _as_chunk(row: Any) -> Chunk:
    return Chunk(row.position, row.start, row.end, row.terms, row.words)
