"""Lets a model that reads question and text together order the best hits, without losing what it cannot see.

Who said it, when, and whether it stands as an instruction is in our score and not in the text a reranker reads: its
opinion is therefore added to ours and never takes its place (docs/adr/0014-a-reranker-adds-to-the-score.md).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from recollect.errors import ProviderError
from recollect.models import Hit
from recollect.ports import Rerank

log = logging.getLogger(__name__)

READ = 4000
"""Characters of a text that a reranker reads; of a longer one, those from the chunk that matched."""

FLOOR = 0.02
"""Floor under the deviation of a reranker's scores: differences smaller than this are hardly an opinion."""

WEIGHT = 1.0
"""What one standard deviation of a reranker's scores counts in ours, of which the whole match counts about 1."""


@dataclass(frozen=True, slots=True)
class Reranking:
    """Which model orders the first hits, how many of them it reads, and how much its opinion counts."""

    model: Rerank
    first: int = 20
    weight: float = WEIGHT


async def reranked(reranking: Reranking, question: str, found: Sequence[tuple[Hit, float]]) -> list[Hit]:
    """Return hits, given best first with our score, in the order of both opinions; a failing model changes nothing.

    Only the first hits change places among themselves. The share of certainty (`Hit.score`) belongs to the place and
    not to the hit: a reranker says which hits are the likeliest, not how likely any of them is.
    """
    first, rest = found[: reranking.first], [hit for hit, _ in found[reranking.first :]]
    if len(first) < 2:
        return [hit for hit, _ in found]
    try:
        theirs = await reranking.model.rerank(question, [_text(hit) for hit, _ in first])
    except ProviderError as error:
        log.warning("Not reranked: %s", error)
        return [_explained(hit, "rerank_failed", 1.0) for hit, _ in first] + rest
    added = opinion(theirs, reranking.weight)
    totals = [ours + more for (_, ours), more in zip(first, added, strict=True)]
    order = sorted(range(len(first)), key=lambda place: -totals[place])
    moved = [
        replace(_explained(first[place][0], "rerank", added[place]), score=first[to][0].score)
        for to, place in enumerate(order)
    ]
    return moved + rest


def opinion(scores: Sequence[float], weight: float) -> list[float]:
    """Return what a reranker's scores add to ours: `weight` a deviation, 0 everywhere where all are alike."""
    mean = math.fsum(scores) / len(scores)
    deviation = math.sqrt(math.fsum((one - mean) ** 2 for one in scores) / len(scores))
    return [weight * (one - mean) / math.hypot(deviation, FLOOR) for one in scores]


def _text(hit: Hit) -> str:
    text = hit.memory.text
    said = text if len(text) <= READ else text[hit.start : hit.start + READ]
    return f"{hit.memory.speaker}: {said}" if hit.memory.speaker else said


def _explained(hit: Hit, name: str, value: float) -> Hit:
    return replace(hit, parts={**hit.parts, name: round(value, 4)}) if hit.parts else hit
