"""The Vectors port with an index beside the records: it finds what is near, the records decide what may answer.

The vectors themselves stay with the records, 2 bytes a number: what the index names is scored by them, and the index
can be made from them again without an embedder.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import sqlalchemy as sa

from recollect.errors import IndexAway
from recollect.exchange import Scored
from recollect.models import Reach, Where
from recollect.stores.beside.asking import Asking
from recollect.stores.beside.index import Index
from recollect.stores.beside.outbox import USUAL, Outbox
from recollect.stores.code import Floats, decode, unpack
from recollect.stores.columns import Counts, best, check_dimension, nothing
from recollect.stores.nearby import Near
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import RAW, among
from recollect.stores.sql.lately import Lately
from recollect.stores.sql.lore import allowed
from recollect.stores.sql.sample import Samples
from recollect.stores.sql.schema import chunk, vector
from recollect.stores.sql.schema import model as sql_model
from recollect.stores.sql.tenants import tenants_in
from recollect.stores.sql.vectors import SqlVectors, drop_vectors, model_key
from recollect.stores.sql.write import some

log = logging.getLogger(__name__)

EXACT = 5_000
"""Vectors in reach up to which all are compared from the records: some 50 ms at most, and exact under any filter."""

SPARE = 1.5
"""Vectors asked for by each memory wanted: some may not answer, and documents have several."""

GROW, MOST = 4, 20_000
"""How much wider it is asked when too few may answer, and the most that is asked for before all are compared."""

LATEST = 1000
"""Vectors that the index may not have heard of yet and that are compared besides."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a search by the index needs to know: its model, whose vectors, the question, an estimate of all scores."""

    model: tuple[int, int]
    owners: tuple[int, ...]
    question: Floats
    counts: Counts
    latest: tuple[int, ...]


class IndexedVectors(Asking, SqlVectors):
    """Vectors of many, found by an index."""

    def __init__(self, database: Database, index: Index, outbox: Outbox = USUAL) -> None:
        Asking.__init__(self, "The index of vectors", "words answer alone")
        SqlVectors.__init__(self, database)
        self.index, self.outbox = index, outbox
        self._turn = asyncio.Lock()
        self._samples = Samples()
        self._large: Lately[tuple[int, tuple[int, ...]], bool] = Lately()

    async def put(self, model: str, rows: Mapping[int, bytes]) -> None:
        """Store vectors; the index has them when this returns, or hears of them as soon as it answers."""
        await super().put(model, rows)
        try:
            await self.follow()
        except IndexAway as error:
            log.debug("Vectors wait for their index: %s", error)

    async def drop(self, model: str | None = None) -> int:
        """Forget vectors, in the index too once it answers."""

        def work(connection: sa.Connection) -> int:
            known = sa.select(sql_model.c.name)
            chosen = known if model is None else known.where(sql_model.c.name == model)
            names = list(connection.execute(chosen).scalars())
            count = drop_vectors(connection, model)
            self.outbox.forget(connection, names)
            return count

        count = await self._database.write(work)
        try:
            await self.follow()
        except IndexAway as error:
            log.debug("The index hears later of what was dropped: %s", error)
        return count

    async def follow(self) -> int:
        """Tell the index what it has not heard of; return how much. Raises IndexAway, whereupon it may be repeated."""
        told = 0
        while step := await self.follow_some():
            told += step
        return told

    async def follow_some(self) -> int:
        """Tell the index the oldest of what it has not heard of; return how much. Raises IndexAway."""
        told = 0
        async with self._turn:
            for part in await self._database.read(self.outbox.due):
                if part.anew:
                    await self.asked(self.index.drop(part.model))
                if part.points:
                    await self.asked(self.index.put(part.model, part.dimension, part.points))
                if part.gone:
                    await self.asked(self.index.remove(part.model, part.gone))
                await self._database.write(partial(self.outbox.settle, done=part), durable=False)
                told += len(part.seqs)
        return told

    async def search(self, model: str, vector: bytes, where: Where, limit: int) -> Scored:
        """Return the best memories by cosine; none where the index does not answer, so that words answer alone."""
        question = np.frombuffer(vector, np.float32)
        plan = await self._database.searched.read(
            lambda connection: self._plan(connection, model, question, where), reach=where.reach
        )
        if plan is None:
            return await super().search(model, vector, where, limit)
        try:
            found = await self._found(model, plan, where, limit)
        except IndexAway:
            return best(*_NONE, limit, plan.counts)
        return await super().search(model, vector, where, limit) if found is None else found

    async def near(self, model: str, vector: bytes, reach: Reach, owners: Sequence[int], count: int) -> Near | None:
        """Return the nearest chunks by the index, scored by the stored codes; `None` too where it does not answer."""
        question = np.frombuffer(vector, np.float32)
        plan = await self._database.searched.read(
            lambda connection: self._plan_of(connection, model, question, owners), reach=reach
        )
        if plan is None:
            return None
        try:
            near = await self.asked(self.index.nearest(model, question, owners, count))
        except IndexAway:
            return None
        chunks = np.array(list(dict.fromkeys([*near, *plan.latest])), np.int64)
        scores = await self.cosines(model, vector, reach, owners, chunks)
        there = ~np.isnan(scores)
        return Near(chunks[there], scores[there], plan.counts)

    async def _found(self, model: str, plan: Plan, where: Where, limit: int) -> Scored | None:
        """Return the best by the index, asked for more until enough may answer; `None` where that is too many."""
        wanted = math.ceil(SPARE * limit)
        while True:
            near = await self.asked(self.index.nearest(model, plan.question, plan.owners, wanted))
            chunks = list(dict.fromkeys([*near, *plan.latest]))
            ranked = partial(_ranked, plan=plan, where=where, chunks=chunks, limit=limit)
            found = await self._database.searched.read(ranked, reach=where.reach)
            if len(found.keys) >= limit or len(near) < wanted:
                return found
            wanted *= GROW
            if wanted > MOST:
                return None

    def _plan(self, connection: sa.Connection, model: str, question: Floats, where: Where) -> Plan | None:
        """Return how to ask the index; `None` where so few are in reach that all are compared."""
        if where.reach.conversation_id is not None:
            return None
        return self._plan_of(connection, model, question, tenants_in(connection, where.reach))

    def _plan_of(self, connection: sa.Connection, model: str, question: Floats, tenants: Sequence[int]) -> Plan | None:
        found, owners = model_key(connection, model), tuple(tenants)
        if found is None:
            return None
        check_dimension(model, found[1], len(question))
        if not self._large.get((found[0], owners)):
            if _reached(connection, found[0], owners) <= EXACT:
                return None
            self._large.keep((found[0], owners), value=True)
        counts = self._samples.counts(connection, found, question, owners)
        return Plan(found, owners, question, counts, tuple(self.outbox.pending(connection, model, LATEST)))

    async def close(self) -> None:
        """Close the index."""
        await self.index.close()


_NONE = (np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.int64))


def _reached(connection: sa.Connection, model: int, owners: Sequence[int]) -> int:
    """Count the vectors of these tenants, no further than matters."""
    count = 0
    for part in some(owners):
        rows = sa.select(sa.literal(1)).where(vector.c.model == model, vector.c.tenant.in_(part)).limit(EXACT + 1)
        count += int(connection.execute(sa.select(sa.func.count()).select_from(rows.subquery())).scalar_one())
        if count > EXACT:
            break
    return count


def _ranked(connection: sa.Connection, plan: Plan, where: Where, chunks: Sequence[int], limit: int) -> Scored:
    """Score those of the chunks that may answer by the stored codes, each memory by its best chunk."""
    # In two steps: in one, SQLite begins with every memory of the tenant.
    query = sa.select(chunk.c.memory, chunk.c.key, vector.c.code).join(chunk, vector.c.chunk == chunk.c.key)
    query = query.where(vector.c.model == plan.model[0]).execution_options(**RAW)
    near = [
        row for part in some(chunks) for row in connection.execute(query.where(among(connection, vector.c.chunk, part)))
    ]
    answering = allowed(connection, where, list(dict.fromkeys(row[0] for row in near)))
    rows = [row for row in near if row[0] in answering]
    if not rows:
        return best(*_NONE, limit, plan.counts) if plan.counts.count else nothing()
    scores = decode(*unpack([row[2] for row in rows], plan.model[1])) @ plan.question
    top: dict[int, tuple[float, int]] = {}
    for (key, piece, _), score in zip(rows, scores.tolist(), strict=True):
        if key not in top or score > top[key][0]:
            top[key] = (score, piece)
    return best(
        np.fromiter(top, np.int64, len(top)),
        np.array([score for score, _ in top.values()], np.float32),
        np.array([piece for _, piece in top.values()], np.int64),
        limit,
        plan.counts,
    )
