"""Search by words in PostgreSQL, over the same prepared terms and by the same formula as tenants held in memory.

An inverted index (GIN) over the hashes of the terms finds the chunks; BM25 is counted in SQL. It answers for tenants
that do not fit in memory, and its scores are those of `stores.resident`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from recollect.exchange import Scored
from recollect.models import Where
from recollect.stores.columns import Counts, nothing
from recollect.stores.postgres.walls import up
from recollect.stores.resident.postings import K1, B
from recollect.stores.sql.database import Database
from recollect.stores.sql.schema import conversation, memory, tenant
from recollect.stores.sql.tenants import tenants_in
from recollect.stores.sql.where import conditions

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores

MOST_TERMS = 64
"""Terms of a question that count: far more than any question of a person has."""

_ASKED = """ARRAY(
        SELECT hashtextextended(term, owner)
        FROM unnest(CAST(:terms AS text[])) AS term, unnest(CAST(:owners AS bigint[])) AS owner
    )"""
_INDEXED = f"recollect_terms(tenant, terms) && {_ASKED}"
_WALLED = f"key IN (SELECT chunk FROM chunk_term WHERE chunk_term.terms && {_ASKED})"  # noqa: S608 - of constants
"""Which chunks hold a term: behind a policy no index of `chunk` tells (see `walls`)."""

# A blank on each side of every term makes ' term ' occur in a text as often as the term does.
_HITS = f"""
WITH hit AS MATERIALIZED (
    SELECT key, memory, ' ' || replace(terms, ' ', '  ') || ' ' AS body, recollect_size(terms) AS size FROM chunk
    WHERE {{}} AND tenant = ANY (CAST(:owners AS bigint[]))
), counted AS MATERIALIZED (
    SELECT key, memory, size, term,
        (octet_length(body) - octet_length(replace(body, ' ' || term || ' ', ''))) / (octet_length(term) + 2) AS times
    FROM hit, unnest(CAST(:terms AS text[])) AS term WHERE strpos(body, ' ' || term || ' ') > 0
), size AS (
    SELECT greatest(sum(chunks), 1) AS chunks, greatest(sum(terms) / greatest(sum(chunks), 1), 1) AS mean
    FROM tenant_size WHERE tenant = ANY (CAST(:owners AS bigint[]))
), weight AS (
    SELECT asked.term, ln(1 + (size.chunks - least(held, size.chunks) + 0.5) / (least(held, size.chunks) + 0.5)) AS idf
    FROM size, (
        SELECT term, (SELECT count(*) FROM counted WHERE counted.term = each.term) AS held
        FROM unnest(CAST(:terms AS text[])) AS each(term)
    ) AS asked
)
SELECT counted.memory, counted.key AS chunk,
    CAST(sum(idf * times * {K1 + 1} / (times + {K1} * ({1 - B} + {B} * counted.size / mean)))
    / ((SELECT sum(idf) FROM weight) * {K1 + 1}) AS double precision) AS score
FROM counted JOIN weight USING (term) CROSS JOIN size GROUP BY counted.memory, counted.key
"""  # noqa: S608 - of constants


class PostgresWords:
    """The Words port over PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(self, terms: Sequence[str], where: Where, limit: int) -> Scored:
        """Return the best memories by BM25."""

        def work(connection: sa.Connection) -> Scored:
            query = _best(connection, terms, where)
            if query is None:
                return nothing()
            found = query.subquery()
            totals = (sa.func.count().over(), sa.func.sum(found.c.score).over(), _squares(found.c.score))
            ranked = sa.select(found, *totals).order_by(found.c.score.desc(), found.c.key).limit(limit)
            rows = connection.execute(ranked).all()
            return _scored(rows, _population(connection, where)) if rows else nothing()

        return await self._database.read(work, reach=where.reach)

    async def score(self, terms: Sequence[str], where: Where, keys: Keys) -> Scores:
        """Return the scores of these memories."""

        def work(connection: sa.Connection) -> Scores:
            query = _best(connection, terms, where, [int(key) for key in keys])
            if query is None:
                return np.zeros(len(keys), np.float32)
            found = {key: score for key, score, _ in connection.execute(query)}
            return np.array([found.get(int(key), 0.0) for key in keys], np.float32)

        return await self._database.read(work, reach=where.reach)


def _squares(score: Any) -> Any:
    return sa.func.sum(score * score).over()


def _asked(terms: Sequence[str]) -> list[str]:
    plain = (term.replace("\0", "") for term in terms)
    return [term for term in dict.fromkeys(plain) if term and " " not in term][:MOST_TERMS]


def _best(
    connection: sa.Connection, terms: Sequence[str], where: Where, keys: Sequence[int] | None = None
) -> sa.Select[Any] | None:
    """Return the query for (memory, score, best chunk) of every memory that matches; `None` where none can."""
    owners, asked = tenants_in(connection, where.reach), _asked(terms)
    if not owners or not asked:
        return None
    text = sa.text(_HITS.format(_WALLED if up(connection) else _INDEXED)).bindparams(terms=asked, owners=owners)
    hits = text.columns(sa.column("memory"), sa.column("chunk"), sa.column("score", sa.Float)).subquery("hits")
    order = sa.func.row_number().over(partition_by=memory.c.key, order_by=(hits.c.score.desc(), hits.c.chunk))
    found = (
        sa.select(memory.c.key, hits.c.score, hits.c.chunk, order.label("place"))
        .select_from(
            hits.join(memory, memory.c.key == hits.c.memory)
            .join(tenant, memory.c.tenant == tenant.c.key)
            .outerjoin(conversation, memory.c.conversation == conversation.c.key)
        )
        .where(*conditions(connection, where))
    )
    if keys is not None:
        found = found.where(memory.c.key.in_(keys))
    best = found.subquery("best")
    return sa.select(best.c.key, best.c.score, best.c.chunk).where(best.c.place == 1)


def _population(connection: sa.Connection, where: Where) -> int:
    query = sa.select(sa.func.count()).select_from(memory)
    return int(connection.execute(query.where(memory.c.tenant.in_(tenants_in(connection, where.reach)))).scalar_one())


def _scored(rows: Sequence[Any], population: int) -> Scored:
    counts = Counts()
    counts.count = max(population, rows[0][3])
    counts.sum, counts.squares = float(rows[0][4]), float(rows[0][5])
    keys = np.array([row[0] for row in rows], np.int64)
    scores = np.array([row[1] for row in rows], np.float32)
    return Scored(keys, scores, np.array([row[2] for row in rows], np.int64), counts.mean, counts.deviation)
