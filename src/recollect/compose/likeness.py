"""How alike two memories are, so that nothing is told twice and what belongs together stands together."""

from __future__ import annotations

from recollect.text.words import terms

NEAR = 0.75
"""From this likeness on a memory tells nothing that the other did not tell."""


def words(text: str) -> frozenset[str]:
    """Return the terms of a text as a set."""
    return frozenset(terms(text))


def likeness(one: frozenset[str], two: frozenset[str]) -> float:
    """Return the Jaccard measure of two sets of terms, 0..1; sets that differ in a number stay below `NEAR`."""
    if not one or not two:
        return 0.0
    shared = len(one & two)
    found = shared / (len(one) + len(two) - shared)
    if found >= NEAR and any(term[0].isdigit() for term in one ^ two):
        return NEAR - 0.05
    return found
