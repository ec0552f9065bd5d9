"""Groups of things that are tied more closely to each other than to the rest.

By modularity (Blondel and others, "Fast unfolding of communities in large networks", 2008): each thing joins the group
that raises it most, then each group counts as one thing, until nothing moves. Things are taken in a fixed order, so
that the same ties give the same groups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

Ties = Mapping[int, Mapping[int, int]]
"""What each thing is tied to and how strongly, both ways; a tie to itself counts what lies within."""

ROUNDS = 20
"""How often all things are looked at before a level is taken as settled."""


def communities(ties: Iterable[tuple[int, int, int]]) -> list[list[int]]:
    """Return the groups that things form by their ties (one, other, strength); each thing is in one."""
    around: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for one, other, strength in ties:
        if one != other:
            around[one][other] += strength
            around[other][one] += strength
    groups = {key: [key] for key in sorted(around)}
    level: Ties = around
    while True:
        joined = _settled(level)
        if len(set(joined.values())) == len(level):
            return sorted(sorted(group) for group in groups.values())
        merged: dict[int, list[int]] = defaultdict(list)
        for key, group in groups.items():
            merged[joined[key]] += group
        groups, level = dict(merged), _condensed(level, joined)


def _settled(ties: Ties) -> dict[int, int]:
    """Return the group each thing is in once none would rather be in another."""
    degrees = {key: sum(others.values()) + others.get(key, 0) for key, others in ties.items()}
    whole = sum(degrees.values())
    group = {key: key for key in ties}
    inside = dict(degrees)
    order = sorted(ties, key=lambda key: (degrees[key], key))
    for _ in range(ROUNDS):
        moved = [key for key in order if _moved(key, ties[key], group, inside, degrees[key], whole)]
        if not moved:
            break
    return group


def _moved(
    key: int, others: Mapping[int, int], group: dict[int, int], inside: dict[int, int], degree: int, whole: int
) -> bool:
    """Let a thing go where modularity rises most; it stays where nothing is better."""
    near: dict[int, int] = defaultdict(int)
    for other, strength in others.items():
        if other != key:
            near[group[other]] += strength
    here = group[key]
    inside[here] -= degree

    def gain(place: int) -> int:
        return near.get(place, 0) * whole - degree * inside[place]

    best = max(sorted({*near, here}, key=lambda place: (place != here, place)), key=gain)
    inside[best] += degree
    group[key] = best
    return best != here


def _condensed(ties: Ties, group: Mapping[int, int]) -> Ties:
    made: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for key, others in ties.items():
        for other, strength in others.items():
            # Within a group each tie is met from both its ends, and a tie of a thing to itself once.
            made[group[key]][group[other]] += strength if key != other else 2 * strength
    for key, others in made.items():
        if key in others:
            others[key] //= 2
    return made


def strongest(ties: Iterable[tuple[int, int, int]]) -> tuple[int, dict[int, int]]:
    """Return how strong ties are together, and how strongly each thing is tied."""
    weights: dict[int, int] = defaultdict(int)
    whole = 0
    for one, other, strength in ties:
        whole += strength
        weights[one] += strength
        weights[other] += strength
    return whole, dict(weights)
