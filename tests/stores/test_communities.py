"""Groups found by their ties: dense ones, chains, single things, and the same ones every time."""

from __future__ import annotations

import random
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from recollect.stores.communities import communities, strongest

Tie = tuple[int, int, int]


def _clique(*members: int, strength: int = 1) -> list[Tie]:
    return [(one, other, strength) for one, other in combinations(members, 2)]


def test_cliques_that_hang_together_by_a_thread_are_told_apart() -> None:
    ties = _clique(1, 2, 3, 4) + _clique(5, 6, 7, 8) + _clique(9, 10, 11) + [(4, 5, 1), (8, 9, 1)]
    assert communities(ties) == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11]]


def test_a_strong_tie_outweighs_many_weak_ones() -> None:
    ties = _clique(1, 2, 3) + _clique(4, 5, 6) + [(1, 4, 50)]
    (both,) = [group for group in communities(ties) if 1 in group]
    assert 4 in both


def test_nothing_is_tied_to_itself() -> None:
    assert communities([]) == []
    assert communities([(1, 1, 9)]) == []
    assert communities([(1, 2, 1), (2, 2, 7)]) == [[1, 2]]


def test_many_cliques_in_a_ring_are_found() -> None:
    ties: list[Tie] = []
    for number in range(30):
        first = number * 5
        ties += _clique(*range(first, first + 5))
        ties.append((first, (first + 9) % 150, 1))
    found = communities(ties)
    assert all(len({key // 5 for key in group}) <= 2 for group in found)
    assert sorted(key for group in found for key in group) == list(range(150))


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 5)), max_size=60))
def test_each_thing_is_in_one_group_whatever_the_order_of_ties(ties: list[Tie]) -> None:
    found = communities(ties)
    members = [key for group in found for key in group]
    assert sorted(members) == sorted({key for one, other, _ in ties if one != other for key in (one, other)})
    mixed = list(ties)
    random.Random(7).shuffle(mixed)
    assert communities(mixed) == found


def test_what_ties_a_group_is_counted() -> None:
    assert strongest([(1, 2, 3), (2, 3, 1)]) == (4, {1: 3, 2: 4, 3: 1})
