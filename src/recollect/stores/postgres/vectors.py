"""Search by meaning with pgvector, for tenants that do not fit in memory; without it, exactly from the rows.

Cosines are those of half precision, which are as near to the true ones as the stored codes (2e-5).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from recollect.exchange import Scored
from recollect.models import Reach, Where
from recollect.stores.columns import Counts, best, check_dimension, nothing, placed
from recollect.stores.nearby import Near
from recollect.stores.postgres.embedding import ensure, table_of, written
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import among
from recollect.stores.sql.lately import Lately
from recollect.stores.sql.sample import Samples
from recollect.stores.sql.schema import chunk, memory
from recollect.stores.sql.tenants import tenants_in
from recollect.stores.sql.vectors import SqlVectors, cosines, put_vectors
from recollect.stores.sql.where import meeting

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores
    from recollect.stores.code import Floats

EXACT = 20_000
"""Vectors in reach up to which all are compared: some 20 ms, and no index is exact under a narrow filter."""

MOST_SCANNED = 40_000
"""Vectors that the index hands over, at most, for a filter to choose from."""

SPARE = 1.5
"""Vectors looked at for each memory wanted: only documents have several."""

GROW, MOST = 4, 5000
"""How many times as many are looked at where documents crowd out other memories, and the most of the index."""

_KNOWN = sa.text("SELECT key, dimension, to_regclass('embedding_' || key) FROM model WHERE name = :called")


class PostgresVectors(SqlVectors):
    """The Vectors port over PostgreSQL with pgvector: HNSW with iterative scans."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._samples = Samples()
        self._large: Lately[tuple[int, tuple[int, ...]], bool] = Lately()

    async def put(self, model: str, rows: Mapping[int, bytes]) -> None:
        """Store vectors by chunk, in the model's index too."""
        if not rows:
            return

        def work(connection: sa.Connection) -> None:
            ensure(connection, *put_vectors(connection, model, rows))

        await self._database.write(work, durable=False)

    async def search(self, model: str, vector: bytes, where: Where, limit: int) -> Scored:
        """Return the best memories by cosine."""

        def work(connection: sa.Connection) -> Scored | None:
            asked = np.frombuffer(vector, np.float32)
            found = _known(connection, model, len(asked))
            return None if found is None else self._search(connection, found, asked, where, limit)

        found = await self._database.searched.read(work, reach=where.reach)
        return await super().search(model, vector, where, limit) if found is None else found

    async def near(self, model: str, vector: bytes, reach: Reach, owners: Sequence[int], count: int) -> Near | None:
        """Return the nearest chunks by the index."""

        def work(connection: sa.Connection) -> Near | None:
            asked = np.frombuffer(vector, np.float32)
            found = _known(connection, model, len(asked))
            if found is None or not self._many(connection, found[0], tuple(owners)):
                return None
            _tune(connection, count)
            rows = connection.execute(_closest(connection, found[0], asked, owners, count)).all()
            counts = self._samples.counts(connection, found, asked, owners)
            return Near(
                np.fromiter((row[0] for row in rows), np.int64, len(rows)),
                np.fromiter((row[1] for row in rows), np.float32, len(rows)),
                counts,
            )

        return await self._database.searched.read(work, reach=reach)

    async def cosines(self, model: str, vector: bytes, reach: Reach, owners: Sequence[int], chunks: Keys) -> Scores:
        """Return the cosine of each of these chunks, `nan` where it has no vector here or is not of these tenants."""

        def work(connection: sa.Connection) -> Scores:
            asked = np.frombuffer(vector, np.float32)
            found = _known(connection, model, len(asked))
            if found is None:
                return cosines(connection, model, vector, owners, chunks)
            scores = np.full(len(chunks), np.nan, np.float32)
            rows = connection.execute(_of_chunks(connection, found[0], asked, owners, chunks)).all()
            if rows:
                there, cosine = zip(*rows, strict=True)
                scores[placed(chunks, np.array(there, np.int64))] = cosine
            return scores

        return await self._database.searched.read(work, reach=reach)

    async def score(self, model: str, vector: bytes, where: Where, keys: Keys) -> Scores:
        """Return the cosine of these memories."""

        def work(connection: sa.Connection) -> Scores | None:
            asked = np.frombuffer(vector, np.float32)
            found = _known(connection, model, len(asked))
            if found is None:
                return None
            scores = _scores(connection, found[0], written(asked.reshape(1, -1))[0], where, keys.tolist())
            return np.array([scores.get(key, np.nan) for key in keys.tolist()], np.float32)

        found = await self._database.searched.read(work, reach=where.reach)
        return await super().score(model, vector, where, keys) if found is None else found

    def _search(
        self, connection: sa.Connection, model: tuple[int, int], asked: Floats, where: Where, limit: int
    ) -> Scored:
        owners = tuple(tenants_in(connection, where.reach))
        if not owners:
            return nothing()
        question, wanted = written(asked.reshape(1, -1))[0], math.ceil(SPARE * limit)
        exact = not self._many(connection, model[0], owners)
        while True:
            if not exact:
                _tune(connection, wanted)
            rows = connection.execute(_nearest(connection, model[0], question, where, wanted, exact=exact)).all()
            found = len({row.key for row in rows})
            if found >= limit or (exact and len(rows) < wanted):
                break
            if exact or (len(rows) == wanted and GROW * wanted <= MOST):
                wanted *= GROW  # documents are in the way, each with many vectors
            else:
                exact = True  # so narrow a filter that the index gives up: compare all that meet it
        if not rows:
            return nothing()
        counts = Counts()
        if exact:
            counts.count, counts.sum, counts.squares = int(rows[0][3]), float(rows[0][4]), float(rows[0][5])
        else:
            counts = self._samples.counts(connection, model, asked, owners)
        return _ranked(rows, limit, counts)

    def _many(self, connection: sa.Connection, model: int, owners: tuple[int, ...]) -> bool:
        """Whether more vectors are in reach than are compared one by one; many stand for many for a while."""
        if not self._large.get((model, owners)):
            if _reached(connection, model, owners) <= EXACT:
                return False
            self._large.keep((model, owners), value=True)
        return True


def _known(connection: sa.Connection, name: str, given: int) -> tuple[int, int] | None:
    """Return (key, dimension) of a model that has a table of its own; `None` where it has none, or no vectors."""
    row = connection.execute(_KNOWN, {"called": name}).first()
    if row is None or row[2] is None:
        return None
    check_dimension(name, row[1], given)
    return row[0], row[1]


def _tune(connection: sa.Connection, wanted: int) -> None:
    """Let the index go on where a filter takes away what it found, and keep the planner from reading everything."""
    settings = {
        "hnsw.iterative_scan": "relaxed_order",
        "hnsw.ef_search": max(100, min(1000, wanted)),
        "hnsw.max_scan_tuples": MOST_SCANNED,
        "enable_seqscan": "off",
        "enable_sort": "off",
    }
    settled = (sa.func.set_config(name, str(value), True) for name, value in settings.items())
    connection.execute(sa.select(*settled))


def _reached(connection: sa.Connection, model: int, owners: Sequence[int]) -> int:
    """Count the vectors of these tenants, no further than matters."""
    name = table_of(model)
    query = sa.text(
        f"SELECT count(*) FROM (SELECT 1 FROM {name} WHERE tenant = ANY (CAST(:owners AS bigint[])) "  # noqa: S608
        f"LIMIT {EXACT + 1}) AS counted"
    )
    return int(connection.execute(query, {"owners": list(owners)}).scalar_one())


def _nearest(
    connection: sa.Connection, model: int, question: str, where: Where, limit: int, *, exact: bool
) -> sa.Select[Any]:
    """Return the query for (memory, chunk) of the nearest vectors.

    An exact one asks by an expression that no index knows, and gives count, sum and squares of all scores besides.
    """
    held = _held(model)
    distance = _distance(held, question)
    score = 1 - distance
    totals = (sa.func.count().over(), sa.func.sum(score).over(), sa.func.sum(score * score).over()) if exact else ()
    columns = (memory.c.key, held.c.chunk, score.label("score"), *totals)
    query: sa.Select[Any] = meeting(connection, sa.select(*columns), _of_memories(held), where)
    query = query.where(held.c.tenant.in_(tenants_in(connection, where.reach)))
    return query.order_by(sa.func.abs(distance) if exact else distance).limit(limit)


def _closest(connection: sa.Connection, model: int, asked: Floats, owners: Sequence[int], count: int) -> sa.Select[Any]:
    """Return the query for (chunk, cosine) of the nearest vectors of these tenants."""
    held = _held(model)
    distance = _distance(held, written(asked.reshape(1, -1))[0])
    mine = among(connection, held.c.tenant, owners)
    return sa.select(held.c.chunk, 1 - distance).where(mine).order_by(distance).limit(count)


def _of_chunks(
    connection: sa.Connection, model: int, asked: Floats, owners: Sequence[int], chunks: Keys
) -> sa.Select[Any]:
    """Return the query for (chunk, cosine) of those of these chunks that are of these tenants."""
    held = _held(model)
    distance = _distance(held, written(asked.reshape(1, -1))[0])
    mine = among(connection, held.c.tenant, owners), among(connection, held.c.chunk, chunks.tolist())
    return sa.select(held.c.chunk, 1 - distance).where(*mine)


def _scores(
    connection: sa.Connection, model: int, question: str, where: Where, keys: Sequence[int]
) -> dict[int, float]:
    """Return the cosine of each memory's best chunk."""
    held = _held(model)
    columns = (memory.c.key, sa.func.max(1 - _distance(held, question)))
    query = meeting(connection, sa.select(*columns), _of_memories(held), where)
    query = query.where(among(connection, memory.c.key, keys)).group_by(memory.c.key)
    return {key: float(score) for key, score in connection.execute(query).all()}


def _held(model: int) -> sa.TableClause:
    return sa.table(table_of(model), sa.column("chunk"), sa.column("tenant"), sa.column("value"))


def _distance(held: sa.TableClause, question: str) -> sa.ColumnElement[float]:
    # Without a type of its own: else it is a text, which would be read anew for every row.
    asked = sa.text("CAST(:question AS halfvec)").bindparams(sa.bindparam("question", question, sa.types.NullType()))
    found: sa.ColumnElement[float] = held.c.value.op("<=>", return_type=sa.Float())(asked)
    return found


def _of_memories(held: sa.TableClause) -> sa.FromClause:
    return held.join(chunk, held.c.chunk == chunk.c.key).join(memory, chunk.c.memory == memory.c.key)


def _ranked(rows: Sequence[Any], limit: int, counts: Counts) -> Scored:
    """Score what was found, each memory by its best chunk."""
    top: dict[int, tuple[float, int]] = {}
    for row in rows:
        if row.key not in top or row.score > top[row.key][0]:
            top[row.key] = (row.score, row.chunk)
    keys = np.fromiter(top, np.int64, len(top))
    column = np.array([score for score, _ in top.values()], np.float32)
    return best(keys, column, np.array([piece for _, piece in top.values()], np.int64), limit, counts)
