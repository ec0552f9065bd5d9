"""The port Spread: candidates of every tenant in reach, from one pass over what is held in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from recollect.exchange import Scored
from recollect.models import Where
from recollect.stores.resident.index import ResidentVectors, ResidentWords, Threads, top
from recollect.stores.resident.shard import Floats, Rows, Space
from recollect.stores.resident.tenants import Opened

if TYPE_CHECKING:
    from recollect.exchange import Keys

BLOCK = 8192
"""Vectors that are summed at a time, so that no copy of all of them is made."""


class ResidentSpread:
    """Spread over the shards that words and vectors are searched in; all three remember the same answers."""

    def __init__(self, threads: Threads, words: ResidentWords, vectors: ResidentVectors) -> None:
        self._threads, self._words, self._vectors = threads, words, vectors

    async def words(self, terms: Sequence[str], where: Where, limit: int, each: int) -> Scored | None:
        """Return the best by BM25, of all and of every tenant."""
        return await self._threads.run(
            lambda opened: top(self._words.answers(terms, where, opened), limit, each), where
        )

    async def vectors(self, model: str, vector: bytes, where: Where, limit: int, each: int) -> Scored | None:
        """Return the best by cosine, of all and of every tenant."""
        return await self._threads.run(
            lambda opened: top(self._vectors.answers(model, vector, where, opened), limit, each), where, model
        )

    async def tenants(self, where: Where, keys: Keys) -> Keys | None:
        """Return whose memories these are."""
        return await self._threads.run(lambda opened: _tenants(opened, keys), where, light=True)

    async def sums(self, model: str, where: Where) -> Mapping[int, tuple[bytes, int]] | None:
        """Return the sums of vectors by tenant."""
        return await self._threads.run(lambda opened: _sums(opened, model), where, model)


def _sums(opened: Opened, model: str) -> dict[int, tuple[bytes, int]]:
    found: dict[int, tuple[bytes, int]] = {}
    for shard in opened.shards:
        with shard.lock:
            space = shard.spaces.get(model)
            if space is None or not len(space.chunk):
                continue
            alive = shard.chunk_alive.data[space.chunk.data]
            by_tenant = shard.by_tenant(space.chunk.data, len(space.chunk), space)
            for start, end in pairwise(by_tenant.starts.tolist()):
                rows = by_tenant.order[start:end]
                rows = rows[alive[rows]]
                if len(rows):
                    owner = int(shard.column("tenant")[shard.chunk_row.data[space.chunk.data[rows[0]]]])
                    found[owner] = (_summed(space, rows).tobytes(), len(rows))
    return found


def _summed(space: Space, rows: Rows) -> Floats:
    total = np.zeros(space.dimension, np.float32)
    for first in range(0, len(rows), BLOCK):
        part = rows[first : first + BLOCK]
        total += space.scale.data[part] @ space.high.data[part].astype(np.float32)
    return total


def _tenants(opened: Opened, keys: Keys) -> Keys:
    found = np.full(len(keys), -1, np.int64)
    for shard in opened.shards:
        with shard.lock:
            rows = shard.rows(keys)
            there = np.flatnonzero(rows >= 0)
            found[there] = shard.column("tenant")[rows[there]]
    return found
