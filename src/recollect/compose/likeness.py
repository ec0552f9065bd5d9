"""How alike two memories are, so that nothing is told twice and what belongs together stands together."""

from __future__ import annotations

from recollect.models import Hit
from recollect.text.words import terms

NEAR = 0.75
"""From this likeness on a memory tells nothing that the other did not tell."""
LOOKED_AT = 4_000
"""Characters compared of a long memory."""


def words(text: str) -> frozenset[str]:
    """Return the terms of a text as a set."""
    return frozenset(terms(text))


def told(hit: Hit) -> frozenset[str]:
    """Return the terms of what a hit tells: of a long memory, `LOOKED_AT` characters from its best chunk on."""
    text = hit.memory.text
    start = max(0, min(hit.start, len(text) - LOOKED_AT))
    return words(text[start : start + LOOKED_AT])


def likeness(one: frozenset[str], two: frozenset[str]) -> float:
    """Return the Jaccard measure of two sets of terms, 0..1; those that differ in a number stay below `NEAR`."""
    if not one or not two:
        return 0.0
    shared = len(one & two)
    found = shared / (len(one) + len(two) - shared)
    if found >= NEAR and any(term[0].isdigit() for term in one ^ two):
        return NEAR - 0.05
    return found
