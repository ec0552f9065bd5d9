"""Search by words in PostgreSQL, over the same prepared terms and by the same formula as tenants held in memory.

An inverted index (GIN) over the hashes of the terms finds the chunks; BM25 is counted in SQL. It answers for tenants
that do not fit in memory, and its scores are those of `stores.resident`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from recollect.exchange import Scored
from recollect.models import Where
from recollect.stores.columns import Counts, nothing
from recollect.stores.postgres.walls import up
from recollect.stores.resident.postings import K1, B
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import among
from recollect.stores.sql.lately import Lately
from recollect.stores.sql.schema import chunk, memory
from recollect.stores.sql.tenants import tenants_in
from recollect.stores.sql.where import meeting

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores

MOST_TERMS = 64
"""Terms of a question that count: far more than any question of a person has."""

_ASKED = "ARRAY(SELECT hashtextextended(asked.term, owner) FROM unnest(CAST(:owners AS bigint[])) AS owner)"
_INDEXED = f"recollect_terms(tenant, terms) && {_ASKED}"
_WALLED = f"key IN (SELECT chunk FROM chunk_term WHERE chunk_term.terms && {_ASKED})"  # noqa: S608 - of constants
"""Which chunks hold the term: behind a policy no index of `chunk` tells (see `walls`)."""

_SIZE = """
size AS MATERIALIZED (
    SELECT CAST(greatest(sum(chunks), 1) AS double precision) AS chunks,
        CAST(greatest(sum(terms) / greatest(sum(chunks), 1), 1) AS double precision) AS mean
    FROM tenant_size WHERE tenant = ANY (CAST(:owners AS bigint[]))
)
"""

# A blank on each side of every term makes ' term ' occur in a text as often as the term does. OFFSET 0 keeps the
# planner from working out a body and its count anew wherever they are named.
_TIMES = """
SELECT key, memory, asked.term, size,
    CAST(octet_length(body) - octet_length(replace(body, ' ' || asked.term || ' ', '')) AS double precision)
    / (octet_length(asked.term) + 2) AS times
FROM unnest(CAST(:terms AS text[])) AS asked(term), LATERAL (
    SELECT key, memory, CAST(recollect_size(terms) AS double precision) AS size,
        ' ' || replace(terms, ' ', '  ') || ' ' AS body
    FROM chunk WHERE {} AND tenant = ANY (CAST(:owners AS bigint[])) OFFSET 0
) AS piece OFFSET 0
"""
"""How often each term occurs in each chunk; term by term, so that no chunk is looked through for what it lacks."""

_HITS = f"""
WITH {_SIZE}, hit AS MATERIALIZED (
    SELECT * FROM ({_TIMES}) AS counted WHERE times > 0
), weight AS MATERIALIZED (
    SELECT term, ln(1 + (chunks - held + 0.5) / (held + 0.5)) AS idf FROM (
        SELECT asked.term, chunks, least(coalesce(held, 0), chunks) AS held
        FROM size, unnest(CAST(:terms AS text[])) AS asked(term)
        LEFT JOIN (SELECT term, count(*) AS held FROM hit GROUP BY term) AS counted USING (term)
    ) AS known
)
"""  # noqa: S608 - of constants

_SCORED = f"""
{_HITS}
SELECT memory, key AS chunk, sum(idf * times * {K1 + 1} / (times + {K1} * ({1 - B} + {B} * hit.size / mean)))
    / ((SELECT sum(idf) FROM weight) * {K1 + 1}) AS score,
    (SELECT CAST(json_object_agg(term, idf) AS text) FROM weight) AS weights, (SELECT mean FROM size) AS mean
FROM hit JOIN weight USING (term) CROSS JOIN size GROUP BY memory, key
"""  # noqa: S608 - of constants
"""Every chunk that holds a term, with its score; in each row what terms weigh and how long a text is on average."""

_WEIGHED = f"{_HITS} SELECT CAST(json_object_agg(term, idf) AS text), (SELECT mean FROM size) FROM weight"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Weights:
    """What each term of a question weighs, and how many terms a chunk has on average."""

    idf: dict[str, float]
    mean: float

    def score(self, text: str) -> float:
        """Return the BM25 of a prepared text."""
        words = text.split(" ")
        norm = K1 * (1 - B + B * len(words) / self.mean)
        score = 0.0
        for term in self.idf.keys() & set(words):
            times = words.count(term)
            score += self.idf[term] * times / (times + norm)
        return score / (sum(self.idf.values()) or 1.0)


class PostgresWords:
    """The Words port over PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._weights: Lately[tuple[tuple[int, ...], tuple[str, ...]], Weights] = Lately()
        self._population: Lately[tuple[int, ...], int] = Lately()

    async def search(self, terms: Sequence[str], where: Where, limit: int) -> Scored:
        """Return the best memories by BM25."""
        asked = _asked(terms)

        def work(connection: sa.Connection) -> Scored:
            owners = tuple(tenants_in(connection, where.reach))
            if not owners or not asked:
                return nothing()
            found = _matching(connection, asked, owners, where).subquery()
            totals = (sa.func.count().over(), sa.func.sum(found.c.score).over(), _squares(found.c.score))
            ranked = sa.select(found, *totals).order_by(found.c.score.desc(), found.c.key).limit(limit)
            rows = connection.execute(ranked).all()
            if not rows:
                return nothing()
            self._weights.keep((owners, asked), Weights(json.loads(rows[0].weights), rows[0].mean))
            return _scored(rows, self._population.of(owners, lambda: _population(connection, owners)))

        return await self._database.read(work, reach=where.reach)

    async def score(self, terms: Sequence[str], where: Where, keys: Keys) -> Scores:
        """Return the scores of these memories; right after a search what its terms weigh is known."""
        asked = _asked(terms)

        def work(connection: sa.Connection) -> Scores:
            owners = tuple(tenants_in(connection, where.reach))
            if not owners or not asked or not len(keys):
                return np.zeros(len(keys), np.float32)
            weights = self._weights.get((owners, asked)) or _weighed(connection, asked, owners)
            table = chunk.join(memory, chunk.c.memory == memory.c.key)
            query = meeting(connection, sa.select(memory.c.key, chunk.c.terms), table, where)
            query = query.where(among(connection, memory.c.key, keys.tolist()))
            found: dict[int, float] = {}
            for key, text in connection.execute(query).all():
                found[key] = max(found.get(key, 0.0), weights.score(text))
            return np.array([found.get(key, 0.0) for key in keys.tolist()], np.float32)

        return await self._database.read(work, reach=where.reach)


def _squares(score: Any) -> Any:
    return sa.func.sum(score * score).over()


def _asked(terms: Sequence[str]) -> tuple[str, ...]:
    plain = (term.replace("\0", "") for term in terms)
    return tuple([term for term in dict.fromkeys(plain) if term and " " not in term][:MOST_TERMS])


def _text(connection: sa.Connection, query: str, asked: Sequence[str], owners: Sequence[int]) -> sa.TextClause:
    which = _WALLED if up(connection) else _INDEXED
    return sa.text(query.format(which)).bindparams(terms=list(asked), owners=list(owners))


def _weighed(connection: sa.Connection, asked: Sequence[str], owners: Sequence[int]) -> Weights:
    weights, mean = connection.execute(_text(connection, _WEIGHED, asked, owners)).one()
    return Weights(json.loads(weights), mean)


def _matching(connection: sa.Connection, asked: Sequence[str], owners: Sequence[int], where: Where) -> sa.Select[Any]:
    """Return the query for (memory, score, best chunk, weights, mean) of every memory that matches."""
    columns: tuple[sa.ColumnElement[Any], ...] = (
        sa.column("memory"),
        sa.column("chunk"),
        sa.column("score", sa.Float),
        sa.column("weights"),
        sa.column("mean"),
    )
    hits = _text(connection, _SCORED, asked, owners).columns(*columns).subquery("hits")
    place = sa.func.row_number().over(partition_by=memory.c.key, order_by=(hits.c.score.desc(), hits.c.chunk))
    query = sa.select(memory.c.key, hits.c.score, hits.c.chunk, hits.c.weights, hits.c.mean, place.label("place"))
    best = meeting(connection, query, hits.join(memory, memory.c.key == hits.c.memory), where).subquery("best")
    return sa.select(best.c.key, best.c.score, best.c.chunk, best.c.weights, best.c.mean).where(best.c.place == 1)


def _population(connection: sa.Connection, owners: Sequence[int]) -> int:
    query = sa.select(sa.func.count()).select_from(memory).where(memory.c.tenant.in_(owners))
    return int(connection.execute(query).scalar_one())


def _scored(rows: Sequence[Any], population: int) -> Scored:
    counts = Counts()
    count, total, squares = rows[0][-3:]
    counts.count = max(population, count)
    counts.sum, counts.squares = float(total), float(squares)
    keys = np.array([row.key for row in rows], np.int64)
    scores = np.array([row.score for row in rows], np.float32)
    return Scored(keys, scores, np.array([row.chunk for row in rows], np.int64), counts.mean, counts.deviation)
