"""The one verb of this room: from a question to hits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from recollect.errors import InvalidInput, TooLarge
from recollect.exchange import Intent, Rephrased
from recollect.meters import working_for
from recollect.models import Embedding, Hit, Kind, Memory, Query, Where, name_code
from recollect.ports import Records, Rephrase
from recollect.retrieve.filters import matches
from recollect.retrieve.fuse import Weights, fuse, to_share
from recollect.retrieve.gather import Gathered, gather
from recollect.retrieve.meaning import embedded
from recollect.retrieve.rerank import Reranking, reranked
from recollect.retrieve.signal import Asked
from recollect.retrieve.understand import Understood, meant, understand
from recollect.retrieve.ways import Ways
from recollect.retrieve.widen import wordings

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores

MAX_LIMIT = 1000
SPARE = 2
"""Memories read beyond the limit at most, for facts whose turn is told already."""
MAX_QUESTION = 100_000
LOOKED_AT = 4000
"""Characters of a question that are understood; what is pasted below it adds only cost."""

ASSISTANT = 0.5
"""What is left of the preference for users' turns when a question asks what the assistant said, or for an overview."""

_FACT, _SUMMARY = tuple(Kind).index(Kind.FACT), tuple(Kind).index(Kind.SUMMARY)


@dataclass(frozen=True, slots=True)
class Options:
    """How wide a search looks, how signals weigh, and the score (0..1) below which a hit is left out."""

    candidates: int = 200
    weights: Weights = field(default_factory=Weights)
    threshold: float = 0.0


_NOTHING = Rephrased()


@dataclass(frozen=True, slots=True)
class Ranked:
    """The rows that may answer, best first; and of every row its score, that as a share of certainty, and its parts.

    `intent` is what a model says is wanted, where one read the question.
    """

    order: Keys
    scores: Scores
    shares: Scores
    parts: Mapping[str, Scores]
    intent: Intent | None = None

    def explained(self, row: int) -> dict[str, float]:
        """Return what the score of a row is the sum of; and as `intent_…`, which adds nothing, what a model read."""
        read = {f"intent_{self.intent}": 0.0} if self.intent else {}
        return {name: round(float(part[row]), 4) for name, part in self.parts.items()} | read


class Finder:
    """Searches through the ports, with one configuration for all text.

    With a `reranking` a model orders the first hits; with a `rephrase` a model reads the question first.
    """

    def __init__(
        self,
        ways: Ways,
        records: Records,
        options: Options,
        *,
        reranking: Reranking | None = None,
        rephrase: Rephrase | None = None,
    ) -> None:
        self.ways, self._records, self.options = ways, records, options
        self.reranking, self.rephrase = reranking, rephrase

    async def search(self, query: Query) -> list[Hit]:
        """Return at most `query.limit` hits, best first; equal questions over equal memories give equal answers.

        Raises InvalidInput for a limit below 1, TooLarge for a question of more than 100,000 characters.
        """
        checked(query)
        with working_for(query.where.reach.project_id):
            return await self._search(query, query.text[:LOOKED_AT])

    async def _search(self, query: Query, text: str) -> list[Hit]:
        reranking = self.reranking if text.strip() else None
        wanted = max(query.limit, reranking.first) if reranking else query.limit
        gathered, ranked = await self.rank(query, self.ways, max(self.options.candidates, 2 * wanted))
        found = await self._hits(query, wanted, gathered, ranked)
        if reranking:
            return (await reranked(reranking, text, found))[: query.limit]
        return [hit for hit, _ in found]

    def embedding(self, text: str) -> asyncio.Task[Embedding | None]:
        """Begin to embed a question: that takes longest, and on a thread of its own."""
        return asyncio.ensure_future(embedded(self.ways.embed, text[:LOOKED_AT]))

    async def rank(
        self, query: Query, ways: Ways, wide: int, asked: asyncio.Task[Embedding | None] | None = None
    ) -> tuple[Gathered, Ranked]:
        """Return the candidates for a question, at least the best `wide` of each of the `ways`, and their order.

        `asked` is the question's embedding where that has begun already.
        """
        text = query.text[:LOOKED_AT]
        asked = asked or self.embedding(text)
        try:
            await asyncio.sleep(0)
            understood = understand(text, query.asked_at)
            read = await self._read(text, query) if self.rephrase and text.strip() else _NOTHING
            understood = meant(understood, read.intent)
            more = await wordings(ways, read.texts, query.where, wide) if read.texts else ()
            gathered = await gather(ways, understood, asked, text, query.where, wide, more)
        finally:
            asked.cancel()
        scores, parts = fuse(gathered.signals, asked_of(understood, gathered, query, read), self.options.weights)
        summaries = understood.overview or Kind.SUMMARY in query.where.kinds
        order = _ranked(gathered, scores, summaries=summaries)
        best = float(scores[order[0]]) if len(order) else 0.0
        return gathered, Ranked(order, scores, to_share(scores, best, gathered.confidence), parts, read.intent)

    async def _read(self, text: str, query: Query) -> Rephrased:
        """Return what a model reads in the question, nothing where it has no answer."""
        project = query.where.reach.project_id or "default"
        found = self.rephrase and await self.rephrase.rephrase(text, asked_at=query.asked_at, project_id=project)
        return found or _NOTHING

    async def _hits(self, query: Query, limit: int, gathered: Gathered, ranked: Ranked) -> list[tuple[Hit, float]]:
        """Read the best memories in order until there are enough; each with its whole score."""
        order, shares, keys = ranked.order, ranked.shares, gathered.signals.traits.keys
        hits: list[tuple[Hit, float]] = []
        told: set[str] = set()
        facts = int((gathered.signals.traits.kinds[order[:limit]] == _FACT).sum())
        step = limit + min(SPARE, facts)
        for start in range(0, len(order), step):
            rows = {int(keys[row]): int(row) for row in order[start : start + step]}
            for found in await self._records.locate(gathered.places(list(rows))):
                row = rows[found.key]
                if shares[row] < self.options.threshold:
                    return hits
                shown = await self.shown(found.memory, query.where)
                if shown.id in told:
                    continue
                told.add(shown.id)
                span = (found.start, found.end) if shown is found.memory else (0, len(shown.text))
                why = ranked.explained(row) if query.explain else {}
                hits.append((Hit(shown, float(shares[row]), *span, why), float(ranked.scores[row])))
                if len(hits) == limit:
                    return hits
        return hits

    async def shown(self, item: Memory, where: Where) -> Memory:
        """Return what stands for a hit: a fact marked in a turn is shown as that turn, unless facts were asked for.

        Only as a turn that may answer itself: another one that says the same may stand outside of what was asked.
        """
        if item.kind is not Kind.FACT or not item.sources or Kind.FACT in where.kinds:
            return item
        turns = [turn for turn in await self._records.get(item.sources) if _meets(turn, where)]
        return turns[-1] if turns else item


def _meets(item: Memory, where: Where) -> bool:
    """Whether a memory meets all the conditions of a question."""
    reach, scope = where.reach, item.scope
    asked = (reach.user_id, reach.project_id, reach.conversation_id, reach.agent_id)
    has = (scope.user_id, scope.project_id, scope.conversation_id, scope.agent_id)
    inside = all(wanted in {None, own} for wanted, own in zip(asked, has, strict=True))
    inside = inside and reach.covers(scope.user_id, scope.project_id)
    if not inside or (where.kinds and item.kind not in where.kinds):
        return False
    ends = [end for end in (item.valid_to, item.expires_at) if end is not None]
    moment = where.valid_at
    if not where.stale and (item.superseded_by or (moment and any(end <= moment for end in ends))):
        return False
    begun = moment is None or item.valid_from is None or item.valid_from <= moment
    return begun and (where.filter is None or matches(where.filter, item))


def asked_of(understood: Understood, gathered: Gathered, query: Query, read: Rephrased = _NOTHING) -> Asked:
    """Return what ranking knows of the question, from its words and from what a model read in it."""
    spans = (*(found.span for found in understood.spans), *read.spans)
    return Asked(
        meaning=gathered.meaning,
        names=gathered.names | {name_code(name) for name in read.names},
        by_user=ASSISTANT if understood.assistant_asked or understood.overview else 1.0,
        spans=tuple((span.start.timestamp(), span.end.timestamp()) for span in spans),
        newest=understood.newest,
        moment=query.asked_at.timestamp(),
    )


def _ranked(gathered: Gathered, scores: Scores, *, summaries: bool) -> Keys:
    """Return the rows that may answer, best first, older first among equals.

    A summary says again what its turns say: it answers only who asks for an overview.
    """
    traits = gathered.signals.traits
    may = traits.allowed & gathered.eligible
    rows = np.flatnonzero(may if summaries else may & (traits.kinds != _SUMMARY))
    return rows[(-scores[rows]).argsort(kind="stable")]  # their keys ascend already


def checked(query: Query) -> None:
    """Raise InvalidInput or TooLarge for a question that cannot be asked."""
    if query.limit < 1:
        raise InvalidInput(f"A limit of {query.limit} asks for nothing", field="limit", hint="Ask for 1 or more.")
    if query.limit > MAX_LIMIT:
        raise TooLarge(f"A limit of {query.limit} is too much", field="limit", hint="1,000 is the most; use list.")
    if len(query.text) > MAX_QUESTION:
        raise TooLarge(
            f"The question has {len(query.text)} characters", field="query", hint="100,000 are the most; ask shorter."
        )
