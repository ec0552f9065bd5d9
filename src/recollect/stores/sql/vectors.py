"""Vectors beside their memory, searched exactly, straight from the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from recollect.exchange import Scored, Unembedded
from recollect.models import Kind, Reach, Where
from recollect.stores.code import pack, products, unpack
from recollect.stores.columns import Counts, best, check_dimension, nothing, placed
from recollect.stores.postgres.embedding import mirror, unmirror
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import RAW, among, insert_new, is_postgresql
from recollect.stores.sql.lock import VECTORS, hold
from recollect.stores.sql.schema import chunk, memory, model, shelved, tenant, vector
from recollect.stores.sql.straight import ask, insert_many, run
from recollect.stores.sql.where import meeting
from recollect.stores.sql.write import some

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores

_BLOCK = 4096

MOST_AT_ONCE = {False: 500, True: 5000}
"""Memories whose vectors are asked for in one statement: PostgreSQL takes their keys as one parameter."""

SOLE = 40
"""A memory of at most so many chunks has one vector."""

LOOKED_AT = 4000
"""Characters handed out for embedding: more than any window of 256 word pieces reads of ordinary text."""

HAS_BOX = sa.exists().where(shelved.c.memory == memory.c.key)
"""Whether a memory's text lies in a box: what stands in its row is not to be indexed."""

# Built once: building a statement costs as much as running it.
_KEYS: sa.BindParameter[list[int]] = sa.bindparam("keys", expanding=True)
_MODEL = sa.select(model.c.key, model.c.dimension).where(model.c.name == sa.bindparam("called"))
_OWNERS = sa.select(chunk.c.key, chunk.c.tenant).where(chunk.c.key.in_(_KEYS))
_OLD = sa.delete(vector).where(vector.c.chunk.in_(_KEYS), vector.c.model == sa.bindparam("which"))


def model_key(connection: sa.Connection, name: str) -> tuple[int, int] | None:
    """Return (key, dimension) of a model that has vectors here, or `None`."""
    found = ask(connection, _MODEL, {"called": name})
    return (found[0][0], found[0][1]) if found else None


class SqlVectors:
    """The Vectors port over the SQL core."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, model: str, rows: Mapping[int, bytes]) -> None:
        """Store vectors by chunk."""
        if rows:
            await self._database.write(lambda connection: put_vectors(connection, model, rows), durable=False)

    async def unembedded(self, model: str, *, limit: int, memory_ids: Sequence[str] | None = None) -> list[Unembedded]:
        """Return chunks without a vector of this model."""
        return await self._database.read(lambda connection: _unembedded(connection, model, limit, memory_ids))

    async def search(self, model: str, vector: bytes, where: Where, limit: int) -> Scored:
        """Return the best memories by cosine."""

        def work(connection: sa.Connection) -> Scored:
            found = _scan(connection, model, vector, where, None)
            if not found:
                return nothing()
            keys = np.fromiter(found, np.int64, len(found))
            scores = np.array([score for score, _ in found.values()], np.float32)
            chunks = np.array([piece for _, piece in found.values()], np.int64)
            counts = Counts()
            counts.add(scores)
            return best(keys, scores, chunks, limit, counts)

        return await self._database.searched.read(work, reach=where.reach)

    async def score(self, model: str, vector: bytes, where: Where, keys: Keys) -> Scores:
        """Return the cosine of these memories."""

        def work(connection: sa.Connection) -> Scores:
            found: dict[int, tuple[float, int]] = {}
            for part in some([int(key) for key in keys], MOST_AT_ONCE[is_postgresql(connection)]):
                found |= _scan(connection, model, vector, where, part)
            return np.array([found.get(int(key), (np.nan, 0))[0] for key in keys], np.float32)

        return await self._database.searched.read(work, reach=where.reach)

    async def cosines(self, model: str, vector: bytes, reach: Reach, owners: Sequence[int], chunks: Keys) -> Scores:
        """Return the cosine of each of these chunks, `nan` where it has no vector here or is not of these tenants."""
        return await self._database.searched.read(
            lambda connection: cosines(connection, model, vector, owners, chunks), reach=reach
        )

    async def models(self) -> list[str]:
        """Return the models that have vectors."""
        return await self._database.read(models_held)

    async def drop(self, model: str | None = None) -> int:
        """Forget vectors."""
        return await self._database.write(lambda connection: drop_vectors(connection, model))


def cosines(connection: sa.Connection, name: str, question: bytes, owners: Sequence[int], chunks: Keys) -> Scores:
    """Return the cosine of each of these chunks by its stored code, `nan` where these tenants have no such vector."""
    scores = np.full(len(chunks), np.nan, np.float32)
    found = model_key(connection, name)
    if found is None or not len(chunks):
        return scores
    asked = np.frombuffer(question, np.float32)
    check_dimension(name, found[1], len(asked))
    query = sa.select(vector.c.chunk, vector.c.code).where(vector.c.model == found[0]).execution_options(**RAW)
    query = query.where(among(connection, vector.c.tenant, owners))
    rows = [
        row
        for part in some(chunks.tolist(), MOST_AT_ONCE[is_postgresql(connection)])
        for row in connection.execute(query.where(among(connection, vector.c.chunk, part)))
    ]
    if rows:
        cosine = products(*unpack([row[1] for row in rows], found[1]), asked)
        places = placed(chunks, np.fromiter((row[0] for row in rows), np.int64, len(rows)))
        scores[places] = cosine
    return scores


def models_held(connection: sa.Connection) -> list[str]:
    """Return the models that have vectors, the oldest first."""
    used = sa.exists().where(vector.c.model == model.c.key)
    return list(connection.execute(sa.select(model.c.name).where(used).order_by(model.c.key)).scalars())


def held_by_model(connection: sa.Connection) -> dict[str, int]:
    """Return how many vectors each model has, by the models' names in order."""
    held = (
        sa.select(model.c.name, sa.func.count(vector.c.seq))
        .join(vector, vector.c.model == model.c.key)
        .group_by(model.c.name)
        .order_by(model.c.name)
    )
    return {str(name): int(number) for name, number in connection.execute(held).all()}


def put_vectors(connection: sa.Connection, name: str, rows: Mapping[int, bytes]) -> tuple[int, int]:
    """Write vectors by chunk, those of unknown chunks excepted; return (key, dimension) of their model."""
    dimension = len(next(iter(rows.values()))) // 4
    found = model_key(connection, name)
    if found is None:
        connection.execute(insert_new(model).values(name=name, dimension=dimension))
        found = model_key(connection, name) or (-1, dimension)
    for value in rows.values():
        check_dimension(name, found[1], len(value) // 4)
    owners: dict[int, int] = {}
    for part in some(list(rows)):
        owners.update((key, owner) for key, owner in ask(connection, _OWNERS, {"keys": part}))
    keys = [key for key in rows if key in owners]
    if not keys:
        return found
    hold(connection, VECTORS, owners.values())
    codes = pack([rows[key] for key in keys])
    for part in some(keys):
        run(connection, _OLD, [{"keys": part, "which": found[0]}])
    new = [
        {"chunk": key, "model": found[0], "tenant": owners[key], "code": code}
        for key, code in zip(keys, codes, strict=True)
    ]
    insert_many(connection, vector, new)
    mirror(connection, *found, new)
    return found


def _unembedded(connection: sa.Connection, name: str, limit: int, memory_ids: Sequence[str] | None) -> list[Unembedded]:
    found = model_key(connection, name)
    asked = {"which": -1 if found is None else found[0], "most": limit}
    if memory_ids is None:
        rows = ask(connection, _BARE, asked)
    else:
        rows = [row for part in some(list(memory_ids)) for row in ask(connection, _BARE_OF, {**asked, "ids": part})]
    return [Unembedded(*row) for row in rows[:limit]]


def count_unembedded(connection: sa.Connection, name: str) -> int:
    """Count the chunks that ought to have a vector of this model and have none."""
    found = model_key(connection, name)
    query = sa.select(sa.func.count()).select_from(chunk.join(memory, chunk.c.memory == memory.c.key)).where(*_bare())
    return int(connection.execute(query, {"which": -1 if found is None else found[0]}).scalar_one())


def _bare() -> tuple[sa.ColumnElement[bool], ...]:
    """Say which chunks ought to have a vector of the model `which` and have none."""
    there = sa.exists().where(vector.c.chunk == chunk.c.key, vector.c.model == sa.bindparam("which"))
    return memory.c.dense, memory.c.kind != Kind.SUMMARY, _has_vector(), ~there, ~HAS_BOX


def _has_vector() -> sa.ColumnElement[bool]:
    """Say which chunks have a vector: the first, which stands for the memory, and of long ones every second.

    A vector reads 256 word pieces, two chunks. What a message is about stands at its head: on BEAM, whose turns have a
    dozen chunks, the best of all chunks' vectors finds 39% of the evidence alone, the first one 61%, at a third of the
    work. Only documents are worth vectors of their later parts.
    """
    other = chunk.alias("other")
    long = sa.exists().where(other.c.memory == chunk.c.memory, other.c.position == SOLE)
    return sa.or_(chunk.c.position == 0, sa.and_(chunk.c.position % 2 == 0, long))


_BARE = (
    sa.select(
        chunk.c.key,
        sa.func.substr(memory.c.text, chunk.c.start + 1, LOOKED_AT),
        tenant.c.project_id,
    )
    .join(memory, chunk.c.memory == memory.c.key)
    .join(tenant, memory.c.tenant == tenant.c.key)
    .where(*_bare())
    .order_by(chunk.c.key)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_BARE_OF = _BARE.where(memory.c.id.in_(sa.bindparam("ids", expanding=True)))


def _scan(
    connection: sa.Connection, name: str, question: bytes, where: Where, keys: Sequence[int] | None
) -> dict[int, tuple[float, int]]:
    """Return (cosine, best chunk) by memory, reading the vectors in blocks."""
    found = model_key(connection, name)
    if found is None:
        return {}
    asked = np.frombuffer(question, np.float32)
    check_dimension(name, found[1], len(asked))
    table = vector.join(chunk, vector.c.chunk == chunk.c.key).join(memory, chunk.c.memory == memory.c.key)
    query = meeting(connection, sa.select(memory.c.key, chunk.c.key, vector.c.code), table, where)
    query = query.where(vector.c.model == found[0]).execution_options(**RAW)
    if keys is not None:
        query = query.where(among(connection, memory.c.key, keys))
    top: dict[int, tuple[float, int]] = {}
    for rows in _blocks(connection, query):
        scores = products(*unpack([row[2] for row in rows], found[1]), asked)
        for (key, piece, _), score in zip(rows, scores.tolist(), strict=True):
            if key not in top or score > top[key][0]:
                top[key] = (score, piece)
    return top


def _blocks(connection: sa.Connection, query: sa.Select[*tuple[Any, ...]]) -> Iterator[list[tuple[int, int, bytes]]]:
    result = connection.execute(query)
    while rows := result.fetchmany(_BLOCK):
        yield [(row[0], row[1], row[2]) for row in rows]


def drop_vectors(connection: sa.Connection, name: str | None) -> int:
    """Forget the vectors of a model, and the model: under the same name it may come back with another dimension."""
    which = sa.true() if name is None else model.c.name == name
    unmirror(connection, list(connection.execute(sa.select(model.c.key).where(which)).scalars()))
    count = connection.execute(
        sa.delete(vector).where(vector.c.model.in_(sa.select(model.c.key).where(which)))
    ).rowcount
    connection.execute(sa.delete(model).where(which))
    return count
