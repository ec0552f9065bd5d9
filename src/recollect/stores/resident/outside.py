"""Search by meaning for tenants whose words and traits are in memory, and whose vectors are not.

What may answer, and which memory a chunk belongs to, is known here: what holds the vectors is asked for them alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from recollect.exchange import Scored
from recollect.models import Where
from recollect.stores.columns import every, nothing
from recollect.stores.nearby import Near, Nearby
from recollect.stores.resident.search import allowed
from recollect.stores.resident.shard import Shard
from recollect.stores.resident.tenants import Opened
from recollect.stores.sql.vectors import SOLE

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores

SPARE = 1.5
"""Vectors asked for by each memory wanted that may answer: documents have several, and an index may miss some."""

GROW, MOST = 4, 5000
"""How much wider it is asked where too few may answer, and the most that is asked for before others find them."""


async def search(nearby: Nearby, opened: Opened, model: str, vector: bytes, where: Where, limit: int) -> Scored | None:
    """Return the best memories by cosine; `None` where too few of what lies near may answer."""
    if not opened.shards:
        return nothing()
    wanted = SPARE * limit / max(_answering(opened, where), 1e-9)
    while wanted <= MOST:
        near = await nearby.near(model, vector, where.reach, opened.tenants, math.ceil(wanted))
        if near is None:
            break
        found = _ranked(opened, where, near)
        if len(found.keys) >= limit:
            return Scored(found.keys[:limit], found.scores[:limit], found.chunks[:limit], found.mean, found.deviation)
        if len(near.chunks) < wanted:
            break
        wanted *= GROW
    return None


async def score(nearby: Nearby, opened: Opened, model: str, vector: bytes, where: Where, keys: Keys) -> Scores:
    """Return the cosine of each memory by its best chunk, `nan` where it has none or may not answer."""
    scores = np.full(len(keys), np.nan, np.float32)
    parts = []
    for shard in opened.shards:
        with shard.lock:
            rows = shard.rows(keys)
            there = np.flatnonzero(rows >= 0)
            mask = allowed(shard, where, None, None)
            if mask is not None:
                there = there[mask[rows[there]]]
            each, chunks = _embedded(shard, rows[there])
            parts.append((there[each], shard.chunk_key.data[chunks]))
    if any(len(chunks) for _, chunks in parts):
        places, chunks = (np.concatenate(column) for column in zip(*parts, strict=True))
        np.fmax.at(scores, places, await nearby.cosines(model, vector, where.reach, opened.tenants, chunks))
    return scores


def _answering(opened: Opened, where: Where) -> float:
    """Return which share of the memories may answer."""
    count = may = 0
    for shard in opened.shards:
        with shard.lock:
            mask = allowed(shard, where, None, None)
            count += len(shard) - shard.dead
            may += len(shard) if mask is None else int(np.count_nonzero(mask))
    return may / count if count else 0.0


def _ranked(opened: Opened, where: Where, near: Near) -> Scored:
    """Return the memories that what lies near belongs to, those that may answer, best first."""
    keys, scores, chunks = [], [], []
    for shard in opened.shards:
        with shard.lock:
            places = shard.chunks(near.chunks)
            there = np.flatnonzero(places >= 0)
            there = there[shard.chunk_alive.data[places[there]]]
            rows = shard.chunk_row.data[places[there]]
            mask = allowed(shard, where, None, None)
            if mask is not None:
                there, rows = there[mask[rows]], rows[mask[rows]]
            keys.append(shard.column("key")[rows])
            scores.append(near.scores[there])
            chunks.append(near.chunks[there])
    return every(np.concatenate(keys), np.concatenate(scores), np.concatenate(chunks), near.counts)


def _embedded(shard: Shard, rows: Keys) -> tuple[Keys, Keys]:
    """Return which of these memories has which chunk that ought to have a vector: the first, of long ones every other.

    Both columns have an entry for each such chunk: the place of its memory among `rows`, and its own row.
    """
    first, pieces = shard.column("first")[rows], shard.column("pieces")[rows]
    counts = np.where(pieces > SOLE, np.ceil(pieces / 2), pieces > 0).astype(np.int64)
    counts[first < 0] = 0
    each = np.repeat(np.arange(len(rows)), counts)
    nth = np.arange(len(each)) - np.repeat(np.cumsum(counts) - counts, counts)
    return each, first[each] + 2 * nth
