"""Scoring one shard: by words, by meaning, and who may answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recollect.models import Where
from recollect.stores.columns import KIND_CODES, check_dimension
from recollect.stores.resident.shard import Shard, agent_code
from recollect.stores.sql.row import micros

if TYPE_CHECKING:
    from recollect.ports import Keys, Scores

    Mask = NDArray[np.bool_]


def idf(population: int, frequency: int) -> float:
    """Return BM25's inverse document frequency in the form that is never negative (Lucene's)."""
    return math.log(1 + (population - frequency + 0.5) / (frequency + 0.5))


@dataclass(frozen=True, slots=True)
class Answer:
    """What one question found in one shard, by memory: scores, and the row of its best chunk.

    `chunks` is `None` where memory and chunk rows are the same numbers; `rows` are those that may answer and have a
    score, `None` for all. What may not answer scores as nothing: 0 by words, `nan` by meaning. `keys` and `chunk_keys`
    name the rows.
    """

    keys: Keys
    chunk_keys: Keys
    scores: Scores
    chunks: Keys | None
    rows: Keys | None


def word_answer(shard: Shard, weights: Sequence[tuple[int, float]], mean_length: float, mask: Mask | None) -> Answer:
    """Return by memory the BM25 of its best chunk, 0 where no term is shared."""
    lengths = shard.chunk_length.data
    scores = np.zeros(len(lengths), np.float32)
    for code, weight in weights:
        shard.postings.score(code, weight, lengths, mean_length, scores)
    if shard.dead_chunks:
        scores[~shard.chunk_alive.data] = 0.0
    chunks = None
    if not shard.aligned:
        hit = np.flatnonzero(scores)
        scores, chunks = _best_chunks(shard, hit, scores[hit], 0.0)
    rows = None
    if mask is not None:
        scores[~mask] = 0.0
        rows = np.flatnonzero(mask)
    return Answer(shard.column("key"), shard.chunk_key.data, scores, chunks, rows)


def vector_answer(shard: Shard, model: str, question: NDArray[np.float32], refine: int, mask: Mask | None) -> Answer:
    """Return by memory the cosine of its best chunk, `nan` where it has no vector.

    The best `refine` are scored by both planes.
    """
    keys, chunk_keys = shard.column("key"), shard.chunk_key.data
    space = shard.spaces.get(model)
    if space is None or not len(space.chunk):
        none = np.full(len(shard), np.nan, np.float32)
        return Answer(keys, chunk_keys, none, None, np.empty(0, np.int64))
    check_dimension(model, space.dimension, len(question))
    cosines = space.cosines(question)
    top = np.argpartition(cosines, -refine)[-refine:] if len(cosines) > refine else np.arange(len(cosines))
    cosines[top] = space.exact(top, question)
    chunks = space.chunk.data
    if shard.aligned and space.aligned and len(cosines) == len(shard):
        if mask is None:
            return Answer(keys, chunk_keys, cosines, None, None)
        cosines[~mask] = np.nan
        return Answer(keys, chunk_keys, cosines, None, np.flatnonzero(mask))
    if shard.dead_chunks:
        there = np.flatnonzero(shard.chunk_alive.data[chunks])
        chunks, cosines = chunks[there], cosines[there]
    best, picked = _best_chunks(shard, chunks, cosines, np.nan)
    if mask is not None:
        best[~mask] = np.nan
    return Answer(keys, chunk_keys, best, picked, np.flatnonzero(~np.isnan(best)))


def _best_chunks(shard: Shard, chunks: Keys, scores: Scores, nothing: float) -> tuple[Scores, Keys]:
    """Return by memory the best of its chunks' scores and that chunk, `nothing` and -1 where it has none."""
    rows = shard.chunk_row.data[chunks]
    best = np.full(len(shard), nothing, np.float32)
    picked = np.full(len(shard), -1, np.int64)
    steps = np.diff(rows)
    if len(rows) and (steps > 0).all():  # one chunk a memory
        best[rows], picked[rows] = scores, chunks
        return best, picked
    best[rows] = -np.inf
    np.maximum.at(best, rows, scores)
    winners = np.flatnonzero(scores == best[rows])[::-1]
    picked[rows[winners]] = chunks[winners]
    return best, picked


def allowed(shard: Shard, where: Where, conversations: Sequence[int] | None, keys: Sequence[int] | None) -> Mask | None:
    """Return which memories may answer, `None` for all. `keys` are those that met a filter (`None`: no filter)."""
    masks = list(_masks(shard, where, conversations))
    if keys is not None:
        inside = np.zeros(len(shard), np.bool_)
        rows = shard.rows(np.array(keys, np.int64))
        inside[rows[rows >= 0]] = True
        masks.append(inside)
    return np.logical_and.reduce(masks, dtype=np.bool_) if masks else None


def _masks(shard: Shard, where: Where, conversations: Sequence[int] | None) -> Iterator[Mask]:
    if shard.dead:
        yield shard.column("alive")
    if conversations is not None:
        yield np.isin(shard.column("conversation"), np.array(conversations, np.int64))
    if where.reach.agent_id is not None:
        yield shard.column("agent") == agent_code(where.reach.agent_id)
    if where.kinds:
        yield np.isin(shard.column("kind"), [KIND_CODES[kind.value] for kind in where.kinds])
    if not where.stale and shard.superseding:
        yield ~shard.column("superseded")
    if where.valid_at is not None and shard.timed:
        at = micros(where.valid_at)
        yield shard.column("valid_from") <= at
        if not where.stale:
            yield (shard.column("valid_to") > at) & (shard.column("expires") > at)
