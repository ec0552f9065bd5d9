"""Scoring one shard: by words, by meaning, and who may answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recollect.models import Where
from recollect.stores.columns import KIND_CODES, check_dimension
from recollect.stores.resident.shard import Picked, Shard, Space, agent_code
from recollect.stores.sql.row import micros

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores

    Mask = NDArray[np.bool_]


def idf(population: int, frequency: int) -> float:
    """Return BM25's inverse document frequency in the form that is never negative (Lucene's)."""
    return math.log(1 + (population - frequency + 0.5) / (frequency + 0.5))


@dataclass(frozen=True, slots=True)
class Answer:
    """What one question found in one shard: a score by entry (a chunk, or a vector), and what names them.

    `entries` holds the chunk of each entry and `places` the entry of each chunk (-1: none); both are `None` where the
    chunks are scored themselves. `mask` tells which memories may answer (`None`: all). `floor` is the score of nothing,
    `space` what holds the vectors, `leading` the entries that are known to have the highest scores, if any are.
    """

    shard: Shard
    scores: Scores
    entries: Keys | None
    places: Keys | None
    mask: Mask | None
    floor: float
    space: Space | None = None
    leading: Keys | None = None

    def best(self, limit: int) -> tuple[Keys, Scores, Keys]:
        """Return the rows, scores and chunk keys of at least the best `limit` memories, each once, in no order."""
        owners = self.shard.chunk_row.data
        scores = self.scores
        if self.mask is not None:
            of = owners[: len(scores)] if self.entries is None else owners[self.entries]
            scores = np.where(self.mask[of], scores, np.float32(self.floor))
        # Only documents have several vectors, but many a memory several chunks.
        wide = limit if self.shard.aligned else (SPARE * limit if self.entries is None else 2 * limit)
        found = self._highest(scores, wide)
        if self.shard.aligned:
            chunks = found if self.entries is None else self.entries[found]
            return chunks, scores[found], self.shard.chunk_key.data[chunks]
        found = found[(-scores[found]).argsort(kind="stable")]
        chunks = found if self.entries is None else self.entries[found]
        once = firsts(owners[chunks])
        return owners[chunks[once]], scores[found[once]], self.shard.chunk_key.data[chunks[once]]

    def _highest(self, scores: Scores, count: int) -> Keys:
        """Return the entries of at least the `count` highest scores, in no order."""
        if self.leading is not None and self.mask is None:
            found = self.leading[scores[self.leading] > self.floor]
            if len(found) >= count:
                return found
        return highest(scores, count, self.floor)

    def best_of_each(self, each: int, told: Keys) -> tuple[Keys, Scores, Keys]:
        """Return the rows, scores and chunk keys of the best `each` memories of every tenant here, each once.

        `told` are tenants, as often as they have a memory among the best of all: who is there `each` times is left out.
        """
        owners, scores = self.shard.chunk_row.data, self.scores
        by_tenant = self.shard.by_tenant(self.entries, len(scores), self.space)
        wide = each if self.shard.aligned else (SPARE * each if self.entries is None else 2 * each)
        parts = [np.empty(0, np.int64)]
        for place in lacking(by_tenant.tenants, told, each).tolist():
            entries = by_tenant.order[by_tenant.starts[place] : by_tenant.starts[place + 1]]
            own = scores[entries]
            if self.mask is not None:
                of = entries if self.entries is None else self.entries[entries]
                own = np.where(self.mask[owners[of]], own, np.float32(self.floor))
            parts.append(entries[highest(own, wide, self.floor)])
        at = np.concatenate(parts)
        at = at[np.argsort(-scores[at], kind="stable")]
        chunks = at if self.entries is None else self.entries[at]
        once = firsts(owners[chunks])
        rows = owners[chunks[once]]
        kept = turns(self.shard.column("tenant")[rows]) < each
        return rows[kept], scores[at[once[kept]]], self.shard.chunk_key.data[chunks[once[kept]]]

    def of(self, picked: Picked) -> Scores:
        """Return the score of each memory by its best chunk, the floor where it has none or may not answer."""
        if picked.several is None:
            best = self._at(picked.first)
        else:
            some, chunks, starts = picked.several
            best = np.full(len(picked.rows), self.floor, np.float32)
            if len(starts):
                best[some] = np.maximum.reduceat(self._at(chunks), starts)
        return best if self.mask is None else np.where(self._may(picked.rows), best, np.float32(self.floor))

    def _may(self, rows: Keys) -> Mask:
        """Return which memories may answer; one that came after the question may not."""
        if self.mask is None or not len(self.mask):
            return np.full(len(rows), self.mask is None)
        return np.asarray(self.mask[np.minimum(rows, len(self.mask) - 1)] & (rows < len(self.mask)))

    def _at(self, chunks: Keys) -> Scores:
        """Return the score of each chunk, the floor for those that came after the question."""
        entries = chunks if self.places is None else _taken(self.places, chunks, -1)
        return _taken(self.scores, entries, np.float32(self.floor))

    def sample(self) -> Scores:
        """Return the scores of all memories that have one, or of some 2,000 spread evenly, for mean and deviation."""
        step = max(1, len(self.shard) // SAMPLE)
        if self.mask is None and self.shard.aligned:
            scores = self.scores[::step]
        elif self.mask is None and not self.shard.dead:
            chunks, starts = self.shard.spread(step)
            scores = np.maximum.reduceat(self._at(chunks), starts) if len(starts) else np.empty(0, np.float32)
        else:
            rows = np.arange(0, len(self.shard), step)
            rows = rows[self.shard.column("alive")[rows]]
            rows = rows[self._may(rows)]
            scores = self.of(self.shard.picked(rows))
        return scores[scores > -np.inf]


def lacking(tenants: Keys, told: Keys, each: int) -> Keys:
    """Return the places of those tenants that stand fewer than `each` times in `told`."""
    known, counts = np.unique(told, return_counts=True)
    return (~np.isin(tenants, known[counts >= each])).nonzero()[0]


def firsts(values: Keys) -> Keys:
    """Return where each value stands for the first time, ascending; in a third of the time that `np.unique` takes."""
    order = values.argsort(kind="stable")
    there = values[order]
    heads = np.ones(len(there), np.bool_)
    np.not_equal(there[1:], there[:-1], out=heads[1:])
    once = order[heads]
    once.sort()
    return once


def turns(groups: Keys) -> Keys:
    """Return of each entry the how manieth of its group it is, counted from 0 in the order given."""
    order = np.argsort(groups, kind="stable")
    there = groups[order]
    heads = np.concatenate(([True], there[1:] != there[:-1])) if len(there) else np.empty(0, np.bool_)
    begins = np.maximum.accumulate(np.where(heads, np.arange(len(there)), 0))
    found = np.empty(len(groups), np.int64)
    found[order] = np.arange(len(there)) - begins
    return found


def _taken(values: NDArray[Any], at: Keys, missing: Any) -> NDArray[Any]:
    """Return the values at these places, `missing` where there is no such place."""
    there = (at >= 0) & (at < len(values))
    if there.all():
        return values[at]
    found = np.full(len(at), missing, values.dtype)
    found[there] = values[at[there]]
    return found


def highest(scores: Scores, count: int, floor: float) -> Keys:
    """Return the rows of the `count` highest scores above `floor`, in no order.

    Of many scores, only those are looked at that are as high as the best few of a sample: enough, else all are.
    """
    step = len(scores) // PROBE
    if step > 1:
        sample = np.sort(scores[::step])  # partitioning takes ten times as long where most of them are the same
        least = sample[-min(len(sample), 2 * count // step + 8)]
        found = (scores >= least).nonzero()[0] if least > floor else None
        if found is not None and len(found) >= count:
            return among(scores, found, count)
    # Partitioning takes twenty times as long where most scores are the same nothing: those are left out first.
    return among(scores, (scores > floor).nonzero()[0], count)


def among(scores: Scores, rows: Keys, count: int) -> Keys:
    """Return those of some rows that have the `count` highest scores, in no order."""
    if len(rows) <= count:
        return rows
    return rows[np.argpartition(scores[rows], len(rows) - count)[len(rows) - count :]]


SAMPLE = 2_000
"""Memories by which the mean and deviation of a larger tenant's scores are estimated."""

PROBE = 1_000
"""Scores by which it is guessed how high the best are: twice as many as need be are looked at then."""

LEADING = 400
"""How many of the nearest vectors are picked out once for all: as many as a search of the usual width looks at."""

SPARE = 4
"""How many chunks are looked at for each memory wanted, since several may belong to one."""


def word_answer(shard: Shard, weights: Sequence[tuple[int, float]], mean_length: float, mask: Mask | None) -> Answer:
    """Return the BM25 of every chunk, 0 where no term is shared."""
    lengths = shard.chunk_length.data
    scores = np.zeros(len(lengths), np.float32)
    for code, weight in weights:
        shard.postings.score(code, weight, lengths, mean_length, scores)
    if shard.dead_chunks:
        scores[~shard.chunk_alive.data] = 0.0
    return Answer(shard, scores, None, None, mask, 0.0)


def vector_answer(shard: Shard, model: str, question: NDArray[np.float32], refine: int, mask: Mask | None) -> Answer:
    """Return the cosine of every vector, the best `refine` by both planes."""
    space = shard.spaces.get(model)
    if space is None or not len(space.chunk):
        none = np.empty(0, np.int64)
        return Answer(shard, np.empty(0, np.float32), none, none, mask, -np.inf)
    check_dimension(model, space.dimension, len(question))
    cosines = space.cosines(question)
    leading = highest(cosines, LEADING, -np.inf)
    top = among(cosines, leading, refine)
    cosines[top] = space.exact(top, question)
    if shard.dead_chunks:
        cosines[~shard.chunk_alive.data[space.chunk.data]] = -np.inf
    return Answer(shard, cosines, space.chunk.data, space.of_chunk.data, mask, -np.inf, space, leading)


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
