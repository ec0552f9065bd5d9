"""The merge is a join over all states of a memory: whoever hears what in which order ends with the same."""

from __future__ import annotations

from functools import reduce
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from recollect.merge import content, ended, merge, unite
from recollect.models import Replica, Stamp

ID = "01a1f9d7-009c-71c2-9ce5-483b859c1e7a"
OTHER = "01a1f9d7-009c-71c2-9ce5-483b859c1e7b"


def held(stamp: Stamp, name: str = ID) -> Replica:
    """The state that a stamp names: equal stamps hold equal contents."""
    return Replica(name, stamp, None if stamp.gone else {"text": repr(stamp), "dedupe": "key"})


stamps = st.builds(
    Stamp,
    life=st.integers(1, 3),
    gone=st.booleans(),
    version=st.integers(1, 4),
    at=st.integers(0, 3),
    origin=st.sampled_from(["a", "b", "c"]),
).map(lambda one: Stamp(one.life, True, 0, one.at, one.origin) if one.gone else one)
states = stamps.map(held)


@given(states, states)
def test_the_order_of_two_does_not_matter(one: Replica, other: Replica) -> None:
    assert merge(one, other) == merge(other, one)


@given(states, states, states)
def test_nor_does_it_matter_which_two_meet_first(one: Replica, other: Replica, third: Replica) -> None:
    assert merge(merge(one, other), third) == merge(one, merge(other, third))


@given(states, states)
def test_hearing_it_again_changes_nothing(one: Replica, other: Replica) -> None:
    assert merge(one, one) == one
    assert merge(merge(one, other), other) == merge(one, other)


@given(st.lists(states, min_size=1, max_size=5))
def test_all_orders_end_the_same(items: list[Replica]) -> None:
    assert len({repr(reduce(merge, order)) for order in permutations(items)}) == 1


@given(states, stamps)
def test_within_a_life_a_delete_stands_above_every_version_at_any_clock(one: Replica, stamp: Stamp) -> None:
    gone = Replica(ID, Stamp(one.stamp.life, True, 0, stamp.at, stamp.origin))
    assert merge(one, gone).body is None


@given(states)
def test_the_next_version_stands_above_the_one_it_was_made_of_however_wrong_the_clock_is(one: Replica) -> None:
    later = Stamp(one.stamp.life, one.stamp.gone, one.stamp.version + 1, 0, "a")
    assert merge(one, held(later)).stamp == later


@given(states, states)
def test_what_is_brought_back_on_purpose_stands_above_the_delete(one: Replica, other: Replica) -> None:
    back = held(Stamp(max(one.stamp.life, other.stamp.life) + 1, False, 1, 0, "a"))
    assert merge(merge(one, other), back) == back


alive = stamps.filter(lambda one: not one.gone)


@given(alive, alive)
def test_two_memories_of_one_key_become_the_one_that_was_first_whoever_looks(one: Stamp, other: Stamp) -> None:
    first, second = held(one), held(other, OTHER)
    stays, ends = unite(first, second)
    assert unite(second, first) == (stays, ends)
    assert (stays.id, ends.id) == (ID, OTHER)
    assert ends.body is None
    assert stays.stamp.life == one.life
    assert stays.body in (first.body, second.body)
    assert merge(second, ends) == ends


@given(alive)
def test_the_end_of_a_life_holds_no_text_and_no_version(one: Stamp) -> None:
    end = ended(held(one))
    assert end.body is None
    assert end.stamp == Stamp(one.life, True, 0, one.at, one.origin)


def test_positions_and_what_each_store_finds_by_itself_are_not_content() -> None:
    assert content(
        {"text": "x", "position": 3, "mentions": [], "relations": [], "added_at": 1, "added_version": 1}
    ) == {"text": "x"}
