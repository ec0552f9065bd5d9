"""Chooses which hits go into a context: value for the room they take, nothing twice, never over the budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recollect.compose.likeness import NEAR, likeness, told
from recollect.models import Hit

SETTLED = 40
"""Tokens added to the cost of each hit before value is divided by it, so that three words do not win by being short."""
FLOOR = 0.1
"""A hit must score this share of the best one; what matches hardly at all does not fill up a budget."""
SAMENESS = 0.7
"""How much of a hit's value a fully like one that is kept already takes away."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Hits that are kept, in the order they were chosen; `dropped` found no room, `passed` say nothing new."""

    kept: tuple[Hit, ...]
    dropped: tuple[Hit, ...] = ()
    passed: tuple[Hit, ...] = ()


def select(hits: Sequence[Hit], budget: int, cost: Callable[[Hit], int]) -> Selection:
    """Choose hits whose `cost` in tokens together stays within `budget`, the best first.

    The best hit that fits is always kept; then value (score, less what kept hits tell already) per token decides. Hits
    that are not dense, nearly repeat a kept one, or score below `FLOOR` of the best are passed over. Ties go to the
    earlier hit.
    """
    seen: set[str] = set()
    telling: list[Hit] = []
    silent: list[Hit] = []
    floor = FLOOR * max((hit.score for hit in hits if hit.memory.dense), default=0.0)
    for hit in hits:
        tells = hit.memory.dense and hit.score >= floor and hit.memory.id not in seen
        (telling if tells else silent).append(hit)
        seen.add(hit.memory.id)
    sets = [told(hit) for hit in telling]
    costs = [cost(hit) for hit in telling]
    likest = [0.0] * len(telling)
    waiting = list(range(len(telling)))
    kept: list[Hit] = []
    dropped: list[int] = []
    repeated: list[int] = []
    while waiting:
        best = max(waiting, key=lambda at: (_worth(telling[at].score, likest[at], costs[at], first=not kept), -at))
        waiting.remove(best)
        if likest[best] >= NEAR:
            repeated.append(best)
        elif costs[best] > budget:
            dropped.append(best)
        else:
            budget -= costs[best]
            kept.append(telling[best])
            for at in waiting:
                likest[at] = max(likest[at], likeness(sets[at], sets[best]))
    return Selection(
        tuple(kept),
        tuple(telling[at] for at in sorted(dropped)),
        (*(telling[at] for at in sorted(repeated)), *silent),
    )


def _worth(score: float, alike: float, cost: int, *, first: bool) -> float:
    if first:
        return score
    return max(score, 1e-6) * (1 - SAMENESS * alike) / (SETTLED + cost)
