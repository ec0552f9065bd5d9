"""The ports Words, Vectors and Lore over tenants held in memory, in front of those over the file."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from recollect.exchange import Scored, Traits, Unembedded
from recollect.models import Where
from recollect.ports import Lore, Vectors, Words
from recollect.stores.columns import Counts, best, every, nothing
from recollect.stores.nearby import Nearby
from recollect.stores.resident.outside import score as outside_score
from recollect.stores.resident.outside import search as outside_search
from recollect.stores.resident.postings import K1, term_code
from recollect.stores.resident.search import Answer, allowed, idf, vector_answer, word_answer
from recollect.stores.resident.shard import Shard
from recollect.stores.resident.tenants import Opened, Tenants

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores

T = TypeVar("T")

AT_HAND = 150_000
"""Chunks that are scored in two milliseconds: what handing the work to another thread and back may cost as well."""

REFINE = 64
"""How many of the best are rescored with full precision: far more than any search shows."""

_REMEMBERED = 8


class Threads:
    """The threads that search the tenants, shared by the three ports."""

    def __init__(self, tenants: Tenants, size: int = 4) -> None:
        self.tenants = tenants
        self._pool = ThreadPoolExecutor(size, "recollect-search")

    async def run(
        self, work: Callable[[Opened], T], where: Where, model: str | None = None, *, light: bool = False
    ) -> T | None:
        """Run `work` over the shards in reach and return what it gives; `None` where they do not fit in memory.

        It runs here where that is quicker than handing it over: nothing need be read, and there is little to score, or
        the work is `light`, whatever the size of the shards.
        """
        opened = self.tenants.at_hand(where, model)
        if opened is not None and (light or opened.chunks <= AT_HAND):
            return work(opened)

        def opening() -> T | None:
            found = self.tenants.open(where, model)
            return None if found is None else work(found)

        return await asyncio.get_running_loop().run_in_executor(self._pool, opening)

    def close(self) -> None:
        """Wait for what runs, then end the threads."""
        self._pool.shutdown()


class _Memo:
    """The last few answers: a search is followed by scoring the neighbours of what it found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Any, ...], list[Answer]] = OrderedDict()

    def get(self, key: tuple[Any, ...], make: Callable[[], list[Answer]]) -> list[Answer]:
        """Return the answer under a key, made if it is not kept."""
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            found = make()
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > _REMEMBERED:
                    self._kept.popitem(last=False)
        return found


class ResidentWords:
    """The Words port in memory."""

    def __init__(self, threads: Threads, behind: Words) -> None:
        self._threads, self._behind = threads, behind
        self._memo = _Memo()

    async def search(self, terms: Sequence[str], where: Where, limit: int) -> Scored:
        """Return the best memories by BM25."""
        found = await self._threads.run(lambda opened: self.answers(terms, where, opened), where)
        return await self._behind.search(terms, where, limit) if found is None else top(found, limit)

    async def score(self, terms: Sequence[str], where: Where, keys: Keys) -> Scores:
        """Return the scores of these memories; right after a search its answer is still there."""
        found = await self._threads.run(lambda opened: self.answers(terms, where, opened), where, light=True)
        return await self._behind.score(terms, where, keys) if found is None else _at(found, keys, 0.0)

    def answers(self, terms: Sequence[str], where: Where, opened: Opened) -> list[Answer]:
        """Return how every chunk of the shards that are open scores, kept for the calls that follow."""
        key = (opened.stamp, where, tuple(terms))
        return self._memo.get(key, lambda: self._make(terms, where, opened))

    def _make(self, terms: Sequence[str], where: Where, opened: Opened) -> list[Answer]:
        codes = list(dict.fromkeys(term_code(term) for term in terms))
        population = sum(len(shard.chunk_key) - shard.dead_chunks for shard in opened.shards)
        if not population:
            return []
        mean = max(sum(shard.terms_total for shard in opened.shards) / population, 1.0)
        weights = []
        for code in codes:
            frequency = sum(shard.postings.frequency(code) for shard in opened.shards)
            weights.append((code, idf(population, min(frequency, population))))
        most = sum(weight for _, weight in weights) * (K1 + 1)
        weights = [(code, weight / most) for code, weight in weights]
        answers = []
        for shard in opened.shards:
            with shard.lock:
                answers.append(word_answer(shard, weights, mean, _mask(shard, where, opened)))
        return answers


def _mask(shard: Shard, where: Where, opened: Opened) -> Any:
    return allowed(shard, where, opened.conversations, opened.keys)


class ResidentVectors:
    """The Vectors port in memory; what is written goes to the file."""

    def __init__(self, threads: Threads, behind: Vectors) -> None:
        self._threads, self._behind = threads, behind
        self._memo = _Memo()

    async def put(self, model: str, rows: Mapping[int, bytes]) -> None:
        """Store vectors in the file."""
        await self._behind.put(model, rows)

    async def unembedded(self, model: str, *, limit: int, memory_ids: Sequence[str] | None = None) -> list[Unembedded]:
        """Return chunks without a vector."""
        return await self._behind.unembedded(model, limit=limit, memory_ids=memory_ids)

    async def models(self) -> list[str]:
        """Return the models that have vectors."""
        return await self._behind.models()

    async def drop(self, model: str | None = None) -> int:
        """Forget vectors, here and in the file."""
        count = await self._behind.drop(model)
        self._threads.tenants.forget(model)
        return count

    async def search(self, model: str, vector: bytes, where: Where, limit: int) -> Scored:
        """Return the best memories by cosine."""
        found = await self._threads.run(lambda opened: self.answers(model, vector, where, opened), where, model)
        if found is not None:
            return top(found, limit)
        outside = await self._outside(where)
        near = None if outside is None else await outside_search(*outside, model, vector, where, limit)
        return await self._behind.search(model, vector, where, limit) if near is None else near

    async def score(self, model: str, vector: bytes, where: Where, keys: Keys) -> Scores:
        """Return the cosine of these memories; right after a search its answer is still there."""
        found = await self._threads.run(
            lambda opened: self.answers(model, vector, where, opened), where, model, light=True
        )
        if found is not None:
            return _at(found, keys, np.nan)
        outside = await self._outside(where)
        if outside is None:
            return await self._behind.score(model, vector, where, keys)
        return await outside_score(*outside, model, vector, where, keys)

    async def _outside(self, where: Where) -> tuple[Nearby, Opened] | None:
        """Return what to ask for tenants of which all but the vectors is here; `None` where it takes the records."""
        if not isinstance(self._behind, Nearby) or where.filter is not None or where.reach.conversation_id is not None:
            return None
        opened = await self._threads.run(lambda opened: opened, where, light=True)
        return None if opened is None else (self._behind, opened)

    def answers(self, model: str, vector: bytes, where: Where, opened: Opened) -> list[Answer]:
        """Return the cosine of every vector in the shards that are open, kept for the calls that follow."""
        question = np.frombuffer(vector, np.float32)

        def make() -> list[Answer]:
            answers = []
            for shard in opened.shards:
                with shard.lock:
                    answers.append(vector_answer(shard, model, question, REFINE, _mask(shard, where, opened)))
            return answers

        return self._memo.get((opened.stamp, where, model, vector), make)


def top(found: Sequence[Answer], limit: int, each: int = 0) -> Scored:
    """Return the best of all shards, and the best `each` of every tenant besides, best first.

    Mean and deviation are over all that may answer. Most tenants have their best among the best of all already: only
    the others are looked at one by one.
    """
    parts, counts = [], Counts()
    for answer in found:
        with answer.shard.lock:
            parts.append(_named(answer, answer.best(limit)))
            counts.add(answer.sample())
    if not parts:
        return nothing()
    chosen = best(*_joined(parts), limit, counts)
    if not each:
        return chosen
    parts = [(chosen.keys, chosen.scores, chosen.chunks)]
    for answer in found:
        with answer.shard.lock:
            rows = answer.shard.rows(chosen.keys)
            told = answer.shard.column("tenant")[rows[rows >= 0]]
            parts.append(_named(answer, answer.best_of_each(each, told)))
    return every(*_joined(parts), counts)


def _named(answer: Answer, rows: tuple[Keys, Scores, Keys]) -> tuple[Keys, Scores, Keys]:
    """Return rows of a shard by their keys, which mean the same in all."""
    return answer.shard.column("key")[rows[0]], rows[1], rows[2]


def _joined(parts: Sequence[tuple[Keys, Scores, Keys]]) -> tuple[Keys, Scores, Keys]:
    keys, scores, chunks = zip(*parts, strict=True)
    return np.concatenate(keys), np.concatenate(scores), np.concatenate(chunks)


def _at(found: Sequence[Answer], keys: Keys, missing: float) -> Scores:
    scores = np.full(len(keys), missing, np.float32)
    for answer in found:
        with answer.shard.lock:
            there, picked = answer.shard.found(keys)
            mine = answer.of(picked)
        scores[there] = np.where(mine > -np.inf, mine, np.float32(missing))
    return scores


class ResidentLore:
    """The Lore port in memory."""

    def __init__(self, threads: Threads, behind: Lore) -> None:
        self._threads, self._behind = threads, behind

    async def traits(self, where: Where, keys: Keys) -> Traits:
        """Return the traits of these memories."""
        made = await self._threads.run(lambda opened: _traits(opened, where, keys), where, light=True)
        return await self._behind.traits(where, keys) if made is None else made

    async def neighbours(self, where: Where, keys: Keys) -> Keys:
        """Return the neighbours of these memories."""
        found = await self._threads.run(lambda opened: _neighbours(opened, keys), where, light=True)
        return await self._behind.neighbours(where, keys) if found is None else found

    async def recent(self, where: Where, limit: int) -> Keys:
        """Return the latest memories."""
        return await self._behind.recent(where, limit)

    async def speakers(self, where: Where) -> frozenset[int]:
        """Return who speaks in reach."""
        found = await self._threads.run(_speakers, Where(where.reach.tenants), light=True)
        return await self._behind.speakers(where) if found is None else found


def _speakers(opened: Opened) -> frozenset[int]:
    return frozenset().union(*(shard.speakers for shard in opened.shards)) - {0}


def _neighbours(opened: Opened, keys: Keys) -> Keys:
    found = [np.empty(0, np.int64)]
    for shard in opened.shards:
        with shard.lock:
            rows = shard.rows(keys)
            rows = rows[rows >= 0]
            around = np.concatenate((shard.column("before")[rows], shard.column("after")[rows]))
            found.append(shard.column("key")[around[around >= 0]])
    return np.concatenate(found)


def _traits(opened: Opened, where: Where, keys: Keys) -> Traits:
    parts = []
    for shard in opened.shards:
        with shard.lock:
            there, picked = shard.found(keys)
            rows = picked.rows
            inside = allowed(shard, Where(where.reach, stale=True), opened.conversations, None)
            if inside is not None:
                there, rows = there[inside[rows]], rows[inside[rows]]
            parts.append((there, _shard_traits(shard, rows, _mask(shard, where, opened))))
    spoken = {who for shard in opened.shards for who, heard in shard.spoken.items() if heard}
    return Traits(*_in_order(parts), *[len(spoken) > 1])


def _in_order(parts: list[tuple[Keys, tuple[Any, ...]]]) -> Sequence[Any]:
    """Return the columns of all shards as one, in the order the memories were asked for."""
    if len(parts) == 1:
        return parts[0][1]
    order = np.concatenate([there for there, _ in parts]) if parts else np.empty(0, np.int64)
    back = np.argsort(order, kind="stable")
    parts = parts or [(order, _shard_traits(Shard(), order, None))]
    return [np.concatenate(column)[back] for column in zip(*(part for _, part in parts), strict=True)]


def _shard_traits(shard: Shard, rows: Any, mask: Any) -> tuple[Any, ...]:
    keys = shard.column("key")

    def key_of(name: str) -> Any:
        other = shard.column(name)[rows]
        return np.where(other >= 0, keys[np.maximum(other, 0)], -1)

    return (
        keys[rows],
        key_of("before"),
        key_of("after"),
        shard.column("conversation")[rows],
        shard.column("words")[rows],
        shard.column("occurred")[rows] / 1e6,
        shard.column("role")[rows],
        shard.column("kind")[rows],
        shard.column("speaker")[rows],
        shard.column("question")[rows],
        shard.column("pieces")[rows],
        shard.column("standing")[rows],
        shard.column("dense")[rows],
        np.ones(len(rows), np.bool_) if mask is None else mask[rows],
    )
