"""Selection: value for room, diversity, and a budget that holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.compose.select import FLOOR, select
from recollect.models import Hit
from recollect.text import tokens

from .conftest import Make, hit


def cost(one: Hit) -> int:
    return tokens.count(one.memory.text)


def test_the_best_is_kept_first_even_when_it_is_long(make: Make) -> None:
    long = make("violin " * 60, 0.9, number=1)
    short = make("a tiny harbour", 0.5, number=2)
    assert select([short, long], 200, cost).kept == (long, short)


def test_of_equals_the_cheaper_wins_the_last_room(make: Make) -> None:
    best = make("glacier", 0.9)
    long = make("turbine " * 50, 0.5, number=1)
    short = make("orchid in a pot", 0.5, number=2)
    found = select([best, long, short], 12, cost)
    assert found.kept == (best, short)
    assert found.dropped == (long,)


def test_what_hardly_matches_does_not_fill_the_budget(make: Make) -> None:
    found = select([make("glacier", 1.0), make("walnut", FLOOR / 2, number=1)], 1000, cost)
    assert len(found.kept) == 1
    assert len(found.passed) == 1


def test_the_new_is_preferred_to_the_like(make: Make) -> None:
    best = make("the harbour of Porto has seven cranes", 0.9)
    like = make("the harbour of Porto has seven blue cranes today", 0.6, number=1)
    other = make("the violin needs four fresh strings before spring", 0.5, number=2)
    found = select([best, like, other], cost(best) + cost(other) + 1, cost)
    assert found.kept == (best, other)


def test_one_memory_hit_twice_is_told_once(make: Make) -> None:
    assert len(select([make("glacier"), make("glacier")], 100, cost).kept) == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=40), st.floats(0, 1)), max_size=10), st.integers(0, 60))
def test_every_hit_ends_up_in_one_place_and_the_budget_holds(texts: list[tuple[str, float]], budget: int) -> None:
    hits = [hit(text, score, number=at) for at, (text, score) in enumerate(texts)]
    found = select(hits, budget, cost)
    assert sum(map(cost, found.kept)) <= budget
    assert sorted(one.memory.id for one in (*found.kept, *found.dropped, *found.passed)) == [
        one.memory.id for one in hits
    ]
