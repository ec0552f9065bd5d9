"""Search by words with SQLite's FTS5, straight from the file.

The scope is a token of the index (`scope:t7 AND …`), so that a tenant's question never walks another one's postings.
This is the index of record: it is complete the moment a write is acknowledged. Hot tenants are answered from memory
(`stores.resident`) with the same formula.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from recollect.exchange import Scored
from recollect.models import Where
from recollect.stores.columns import Counts, best, nothing
from recollect.stores.sql.database import Database
from recollect.stores.sql.schema import chunk, memory
from recollect.stores.sql.tenants import tenants_in
from recollect.stores.sql.where import meeting
from recollect.stores.sql.write import some

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores

_MAX_TERMS = 64
_K1 = 1.2
"""What FTS5 has built in, so that `bm25` of a term is at most its idf times this and one."""

_LEAST_IDF = 1e-6
"""What FTS5 gives a term that more than half of all chunks hold."""


def expression(terms: Sequence[str], tenants: Sequence[int]) -> str:
    """Return the FTS5 query: any of the terms, inside these tenants."""
    scope = " OR ".join(f'"t{key}"' for key in tenants)
    words = " OR ".join(f'"{_plain(term)}"' for term in terms[:_MAX_TERMS])
    return f"scope : ({scope}) AND terms : ({words})"


def _plain(term: str) -> str:
    return term.replace('"', "").replace("\0", "")


class SqlWords:
    """The Words port over FTS5."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(self, terms: Sequence[str], where: Where, limit: int) -> Scored:
        """Return the best memories by BM25."""
        return await self._database.read(lambda connection: _search(connection, terms, where, limit))

    async def score(self, terms: Sequence[str], where: Where, keys: Keys) -> Scores:
        """Return the scores of these memories."""

        def work(connection: sa.Connection) -> Scores:
            found = _matches(connection, terms, where, [int(key) for key in keys])
            scores = {key: score for key, score, _ in found}
            return np.array([scores.get(int(key), 0.0) for key in keys], np.float32)

        return await self._database.read(work)


def _most(connection: sa.Connection, terms: Sequence[str]) -> float:
    """Return the most a text could score by FTS5's `bm25`, which counts over all tenants and floors a term's idf."""
    population = int(connection.execute(sa.select(sa.func.count()).select_from(chunk)).scalar_one())
    held = sa.select(sa.func.count()).select_from(sa.text("words"))
    held = held.where(sa.literal_column("words").op("MATCH")(sa.bindparam("match")))
    most = 0.0
    for term in filter(None, map(_plain, dict.fromkeys(terms[:_MAX_TERMS]))):
        frequency = connection.execute(held, {"match": f'terms : "{term}"'}).scalar_one()
        most += max(math.log((population - frequency + 0.5) / (frequency + 0.5)), _LEAST_IDF)
    return most * (_K1 + 1)


def _search(connection: sa.Connection, terms: Sequence[str], where: Where, limit: int) -> Scored:
    found = _matches(connection, terms, where, None)
    if not found:
        return nothing()
    keys, scores, chunks = zip(*found, strict=True)
    count = (
        sa.select(sa.func.count()).select_from(memory).where(memory.c.tenant.in_(tenants_in(connection, where.reach)))
    )
    population = int(connection.execute(count).scalar_one())
    column = np.array(scores, np.float32)
    counts = Counts(unlisted=max(population - len(column), 0))
    counts.add(column)
    return best(np.array(keys, np.int64), column, np.array(chunks, np.int64), limit, counts)


def _matches(
    connection: sa.Connection, terms: Sequence[str], where: Where, keys: Sequence[int] | None
) -> list[tuple[int, float, int]]:
    """Return (memory, score, best chunk) of every memory that matches."""
    tenants = tenants_in(connection, where.reach)
    if not tenants or not any(map(_plain, terms)):
        return []
    rank: sa.ColumnElement[float] = sa.literal_column("-bm25(words, 0.0, 1.0)")
    match = sa.literal_column("words").op("MATCH")(sa.bindparam("match", expression(terms, tenants)))
    hits = (
        sa.select(sa.literal_column("words.rowid").label("chunk"), rank.label("score"))
        .select_from(sa.text("words"))
        .where(match)
        .subquery()
    )
    table = hits.join(chunk, chunk.c.key == hits.c.chunk).join(memory, memory.c.key == chunk.c.memory)
    query = meeting(connection, sa.select(memory.c.key, hits.c.score, hits.c.chunk), table, where)
    runs = [None] if keys is None else list(some(keys))
    most = _most(connection, terms)
    found: dict[int, tuple[float, int]] = {}
    for run in runs:
        part = query if run is None else query.where(memory.c.key.in_(run))
        for key, score, piece in connection.execute(part):
            if key not in found or score > found[key][0]:
                found[key] = (score, piece)
    return [(key, score / most, piece) for key, (score, piece) in found.items()]
