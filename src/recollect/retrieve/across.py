"""One question in several projects at once: one pass over all of them, so that scores mean the same everywhere.

The candidates are the best of all and the best few of each project; the question is embedded, and its terms weighed,
once for all of them. Fifty searches one by one would cost fifty times as much, and each would have a scale of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recollect.exchange import Scored
from recollect.models import Embedding, Hit, Merge, Query, Where
from recollect.ports import Near, Records, Spread, Words
from recollect.retrieve.rerank import reranked
from recollect.retrieve.search import LOOKED_AT, Finder, Ranked, checked
from recollect.retrieve.ways import Ways

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores
    from recollect.retrieve.gather import Gathered

SPARE = 2
"""Memories of a project looked at beyond what is wanted, for those that stand behind a turn already told."""

FEW, TASTE = 50, 1
"""Where at most so many of the best are shown, each project brings only a taste: it is known to have something."""


@dataclass(frozen=True, slots=True)
class Found:
    """Hits of several projects as one list, and how many each project had before any were left out."""

    hits: tuple[Hit, ...]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Asking:
    """Where is asked: the projects in their order, which project each tenant is of, and how the answers are merged.

    At most `each` hits are of one project.
    """

    projects: Sequence[str]
    tenants: Mapping[int, str]
    each: int
    merge: Merge


class Across:
    """Searches several projects in one pass."""

    def __init__(self, finder: Finder, spread: Spread, records: Records) -> None:
        self._finder, self.spread, self._records = finder, spread, records

    async def search(
        self, query: Query, asking: Asking, asked: asyncio.Task[Embedding | None] | None = None
    ) -> Found | None:
        """Return at most `query.limit` hits; `None` where the projects do not fit in memory and are to be asked apart.

        `asked` is the question's embedding where that has begun already. Raises InvalidInput and TooLarge as
        `Finder.search` does.
        """
        checked(query)
        if await self.spread.tenants(query.where, np.empty(0, np.int64)) is None:
            return None
        ways, each = self._finder.ways, _wanted(query, asking)
        wide = Ways(
            _EachWords(ways.words, self.spread, each),
            _EachVectors(ways.vectors, self.spread, each),
            ways.lore,
            ways.graph,
            ways.embed,
        )
        most = max(self._finder.options.candidates, 2 * query.limit)
        gathered, ranked = await self._finder.rank(query, wide, most, asked)
        keys, order = gathered.signals.traits.keys, ranked.order
        order = order[ranked.shares[order] >= self._finder.options.threshold]
        owners = await self.spread.tenants(query.where, keys)
        if owners is None:
            return None
        rows, places = _placed(order, owners[order], asking)
        counts = np.minimum(np.bincount(places, minlength=len(asking.projects)), asking.each)
        turns = _turns(places, len(asking.projects))
        plan = _plan(asking, turns, places, gathered.signals.traits.times[rows])
        hits = await self._read(query, asking, gathered, ranked, rows[plan], places[plan])
        return Found(tuple(hits), dict(zip(asking.projects, counts.tolist(), strict=True)))

    async def _read(
        self, query: Query, asking: Asking, gathered: Gathered, ranked: Ranked, rows: Keys, places: Keys
    ) -> list[Hit]:
        """Read memories in the order planned until there are enough, at most `each` of a project."""
        keys, hits, told = gathered.signals.traits.keys, list[tuple[Hit, float]](), set[str]()
        given = [0] * len(asking.projects)
        for start in range(0, len(rows), query.limit + SPARE):
            batch = slice(start, start + query.limit + SPARE)
            at = {int(keys[row]): (int(row), int(place)) for row, place in zip(rows[batch], places[batch], strict=True)}
            for found in await self._records.locate(gathered.places(list(at))):
                row, place = at[found.key]
                if given[place] == asking.each:
                    continue
                shown = await self._finder.shown(found.memory, query.where)
                if shown.id in told:
                    continue
                told.add(shown.id)
                given[place] += 1
                span = (found.start, found.end) if shown is found.memory else (0, len(shown.text))
                why = ranked.explained(row) if query.explain else {}
                hits.append((Hit(shown, float(ranked.shares[row]), *span, why), float(ranked.scores[row])))
                if len(hits) == query.limit:
                    return await self._ordered(query, asking, hits)
        return await self._ordered(query, asking, hits)

    async def _ordered(self, query: Query, asking: Asking, hits: Sequence[tuple[Hit, float]]) -> list[Hit]:
        """Let the model that orders first hits have its say, where it is the best that come first."""
        reranking = self._finder.reranking if query.text.strip() and asking.merge == "score" else None
        if reranking:
            return await reranked(reranking, query.text[:LOOKED_AT], hits)
        return [hit for hit, _ in hits]


def _wanted(query: Query, asking: Asking) -> int:
    """Return how many candidates each project is to bring besides the best of all.

    Where the best come first and few are shown, these are among the best of all whatever each project brings.
    """
    few = asking.merge == "score" and query.limit <= FEW
    return min(asking.each, TASTE) if few else asking.each + SPARE


def merged(lists: Sequence[Sequence[Hit]], order: Merge) -> list[Hit]:
    """Return the hits of projects that were asked apart, each list best first, as one."""
    if order == "project":
        return [hit for hit in chain.from_iterable(zip_longest(*lists)) if hit is not None]
    hits = [hit for found in lists for hit in found]
    if order == "time":
        return sorted(hits, key=lambda hit: hit.memory.occurred_at, reverse=True)
    return sorted(hits, key=lambda hit: hit.score, reverse=True)


def _placed(order: Keys, owners: Keys, asking: Asking) -> tuple[Keys, Keys]:
    """Return the rows whose tenant is asked, and the place of the project of each."""
    at = {name: place for place, name in enumerate(asking.projects)}
    known = np.array(sorted(asking.tenants), np.int64)
    of = np.array([at[asking.tenants[key]] for key in known.tolist()], np.int64)
    if not len(known):
        return order[:0], order[:0]
    found = np.minimum(np.searchsorted(known, owners), len(known) - 1)
    inside = known[found] == owners
    return order[inside], of[found[inside]]


def _turns(places: Keys, projects: int) -> Keys:
    """Return the how manieth of its project each row is; rows come best first."""
    by_project = np.argsort(places, kind="stable")
    sizes = np.bincount(places, minlength=projects)
    begins = np.cumsum(sizes) - sizes
    turns = np.empty(len(places), np.int64)
    turns[by_project] = np.arange(len(places)) - begins[places[by_project]]
    return turns


def _plan(asking: Asking, turns: Keys, places: Keys, times: NDArray[np.float64]) -> Keys:
    """Return which rows are read, in which order: a few more of each project than are wanted of it."""
    if asking.merge == "score":
        return np.flatnonzero(turns < asking.each + SPARE)
    if asking.merge == "time":
        chosen = np.flatnonzero(turns < asking.each)
        return chosen[np.argsort(-times[chosen], kind="stable")]
    chosen = np.flatnonzero(turns < asking.each + SPARE)
    return chosen[np.lexsort((places[chosen], turns[chosen]))]


@dataclass(frozen=True, slots=True)
class _EachWords:
    """The Words port, whose search brings candidates of every project."""

    behind: Words
    spread: Spread
    each: int

    async def search(self, terms: Sequence[str], where: Where, limit: int) -> Scored:
        found = await self.spread.words(terms, where, limit, self.each)
        return await self.behind.search(terms, where, limit) if found is None else found

    async def score(self, terms: Sequence[str], where: Where, keys: Keys) -> Scores:
        return await self.behind.score(terms, where, keys)


@dataclass(frozen=True, slots=True)
class _EachVectors:
    """The Near port, whose search brings candidates of every project."""

    behind: Near
    spread: Spread
    each: int

    async def search(self, model: str, vector: bytes, where: Where, limit: int) -> Scored:
        found = await self.spread.vectors(model, vector, where, limit, self.each)
        return await self.behind.search(model, vector, where, limit) if found is None else found

    async def score(self, model: str, vector: bytes, where: Where, keys: Keys) -> Scores:
        return await self.behind.score(model, vector, where, keys)
