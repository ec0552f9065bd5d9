"""Fusing is a pure function: each signal counts the way its name says, and the parts add up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recollect.exchange import Scored, Traits
from recollect.models import Role, name_code
from recollect.retrieve.fuse import DAY, Weights, best_of_conversation, fuse, in_time, to_share
from recollect.retrieve.gather import confidence_of, told_apart
from recollect.retrieve.signal import Asked, Scale, Signals, at, meaning_scale, places

ASKED = Asked(meaning=1.0, names=frozenset(), by_user=1.0, spans=(), newest=False, moment=100 * DAY)
SIZE = 4


def signals(**changes: Any) -> Signals:
    """Return four candidates alike in everything, but for what is given."""
    floats, keys = np.zeros(SIZE, np.float32), np.arange(1, SIZE + 1)
    usual: dict[str, Any] = {
        "keys": keys,
        "before": np.full(SIZE, -1),
        "after": np.full(SIZE, -1),
        "conversations": np.full(SIZE, -1),
        "words": np.full(SIZE, 20, np.float32),
        "times": np.full(SIZE, 99 * DAY),
        "roles": np.zeros(SIZE, np.int8),
        "kinds": np.zeros(SIZE, np.int8),
        "speakers": np.zeros(SIZE, np.uint32),
        "questions": np.zeros(SIZE, np.bool_),
        "pieces": np.ones(SIZE, np.float32),
        "standing": np.zeros(SIZE, np.bool_),
        "dense": np.ones(SIZE, np.bool_),
        "allowed": np.ones(SIZE, np.bool_),
        "mixed": False,
    }
    own = {name: changes.pop(name) for name in list(changes) if name in usual}
    whole: dict[str, Any] = {
        "words": floats,
        "meaning": floats,
        "mentions": np.zeros(SIZE, np.bool_),
        "echoes": np.zeros(SIZE, np.bool_),
        "before": np.full(SIZE, -1),
        "after": np.full(SIZE, -1),
    }
    return Signals(traits=Traits(**(usual | own)), **(whole | changes))


def best(given: Signals, asked: Asked = ASKED) -> int:
    total, _ = fuse(given, asked, Weights())
    order = np.argsort(-total)
    assert total[order[0]] > total[order[1]]
    return int(order[0])


def one(place: int, value: float = 1.0, sort: Any = np.float32) -> Any:
    column = np.zeros(SIZE, sort)
    column[place] = value
    return column


def test_the_parts_add_up_to_the_score() -> None:
    seed = np.random.default_rng(1)
    given = replace(
        signals(mixed=True, times=seed.uniform(0, 100 * DAY, SIZE), conversations=np.array([1, 1, 2, -1])),
        words=seed.normal(size=SIZE).astype(np.float32),
        meaning=seed.normal(size=SIZE).astype(np.float32),
    )
    total, parts = fuse(given, replace(ASKED, spans=((0.0, DAY),), names=frozenset({7})), Weights())
    assert np.allclose(total, sum(parts.values()), atol=1e-5)
    assert {"user", "time", "named"} <= set(parts)


def test_a_question_asked_before_stands_behind_its_answer() -> None:
    echoed = signals(echoes=one(1, sort=np.bool_), words=one(1, 3) + one(2))
    assert best(echoed) == 2


def test_nothing_gives_nothing() -> None:
    empty: Any = np.empty(0, np.int64)
    none = Signals(Traits(*[empty] * 14, *[False]), *[empty] * 6)
    assert len(fuse(none, ASKED, Weights())[0]) == 0


@pytest.mark.parametrize("name", ["meaning", "mentions"])
def test_a_better_match_comes_first(name: str) -> None:
    assert best(signals(**{name: one(2)})) == 2


def test_a_better_match_by_words_comes_first() -> None:
    assert best(replace(signals(), words=one(2))) == 2


@pytest.mark.parametrize("name", ["standing", "words", "times"])
def test_a_stronger_trait_comes_first(name: str) -> None:
    column = {"standing": one(3, 1, np.bool_), "words": np.array([5, 5, 5, 30]), "times": np.array([1, 1, 1, 99]) * DAY}
    assert best(signals(**{name: column[name].astype(np.float32) if name == "words" else column[name]})) == 3


def test_what_the_embedder_did_not_understand_has_no_say() -> None:
    total, parts = fuse(signals(meaning=one(2)), replace(ASKED, meaning=0.0), Weights())
    assert not parts["meaning"].any()
    assert np.allclose(total, total[0])


def test_an_answer_stands_after_its_question() -> None:
    given = signals(questions=one(0, 1, np.bool_))
    given = replace(given, words=one(0, 3.0), before=np.array([-1, 0, -1, -1]))
    total, parts = fuse(given, ASKED, Weights())
    assert parts["answers"][1] > 0
    assert total[1] > total[2]


def test_what_says_too_little_borrows_nothing_from_its_neighbours() -> None:
    given = signals(questions=one(0, 1, np.bool_), conversations=np.array([1, 1, 1, 2]))
    given = replace(given, words=one(0, 3.0), before=np.array([-1, 0, -1, -1]), after=np.array([-1, 0, -1, -1]))
    said = replace(given, traits=replace(given.traits, dense=np.array([True, False, True, True])))
    total, parts = fuse(said, ASKED, Weights())
    assert fuse(given, ASKED, Weights())[1]["answers"][1] > 0
    assert [parts[name][1] for name in ("answers", "next", "conversation")] == [0, 0, 0]
    assert total[1] < total[2]


@pytest.mark.parametrize("deviation", [0.0, 3e-4])
def test_what_one_vector_says_of_the_deviation_counts_for_little(deviation: float) -> None:
    one_key = np.array([1], np.int64)
    known = Scored(one_key, np.array([0.3], np.float32), one_key, mean=0.3, deviation=deviation)
    assert abs(meaning_scale(known).of(np.array([1.0], np.float32))[0]) < 8


def test_the_deviation_of_many_vectors_is_taken_as_it_is() -> None:
    keys = np.arange(500)
    known = Scored(keys, np.zeros(500, np.float32), keys, mean=0.1, deviation=0.07)
    assert meaning_scale(known).deviation == pytest.approx(0.07, rel=0.01)


def test_users_are_preferred_where_others_speak_too() -> None:
    roles = np.array(
        [tuple(Role).index(role) for role in (Role.ASSISTANT, Role.ASSISTANT, Role.USER, Role.TOOL)], np.int8
    )
    assert best(signals(roles=roles, mixed=True)) == 2
    _, parts = fuse(signals(roles=roles), ASKED, Weights())
    assert "user" not in parts


def test_who_is_asked_about_is_preferred() -> None:
    code = name_code("Bo")
    assert best(signals(speakers=one(1, code, np.uint32)), replace(ASKED, names=frozenset({code}))) == 1


def test_time_is_a_soft_boost() -> None:
    inside = in_time(np.array([5.5, 5.0, 6.0, 8.0, 100.0]) * DAY, ((5 * DAY, 6 * DAY),))
    assert inside.tolist()[:3] == [1, 1, 1]
    assert 1 > inside[3] > inside[4] >= 0
    assert best(signals(times=np.array([1, 50, 1, 1]) * DAY), replace(ASKED, spans=((49 * DAY, 51 * DAY),))) == 1


def test_a_conversation_is_judged_by_its_best_turn() -> None:
    found = best_of_conversation(np.array([5, 0, 0, 0], np.float32), np.array([1, 1, 2, 2]))
    assert found[0] == found[1] > found[2] == found[3]
    assert len(best_of_conversation(np.empty(0, np.float32), np.empty(0, np.int64))) == 0


def test_shares_keep_the_order_and_lie_between_nothing_and_one() -> None:
    scores = np.array([-30, -1, 0, 2, 2.5], np.float32)
    shares = to_share(scores, 2.5, 0.8)
    assert (np.diff(shares) > 0).all()
    assert 0 <= shares.min() < shares.max() == pytest.approx(0.8)


def test_confidence_grows_with_either_match() -> None:
    none = np.zeros(3, np.float32)
    high, missing = np.array([0.6, 0, 0], np.float32), np.full(3, np.nan, np.float32)
    assert confidence_of(none, missing, 1.0) == 0
    assert confidence_of(np.empty(0, np.float32), np.empty(0, np.float32), 1.0) == 0
    assert confidence_of(high, missing, 0.0) == 1
    assert 0 < confidence_of(none, high, 1.0) <= confidence_of(high, high, 1.0) <= 1
    assert confidence_of(none, high, 0.0) == 0


def test_scores_are_brought_to_one_scale() -> None:
    scale = Scale(0.5, 0.1)
    assert scale.of(np.array([0.5, 0.6, np.nan], np.float32)).tolist() == pytest.approx([0, 1, 0], abs=1e-5)
    assert Scale(0.5, 0.0).of(np.array([0.5], np.float32)).tolist() == [0]
    assert abs(float(Scale(0, 0.01, floor=1).of(np.array([1.0], np.float32))[0])) < 1.01


def test_rows_are_found_by_key() -> None:
    keys = np.array([2, 5, 9])
    assert places(keys, np.array([9, -1, 2, 3, 10])).tolist() == [2, -1, 0, -1, -1]
    assert places(np.empty(0, np.int64), np.array([1])).tolist() == [-1]
    assert at(np.array([1, 2, 3], np.float32), np.array([2, -1])).tolist() == [3, 0]


def test_a_speakers_name_tells_whose_words_are_wanted_and_is_no_word_to_search_by() -> None:
    spoken = frozenset({name_code("Bo")})
    names, terms = told_apart("What did Bo's sister say?", ("bo", "sister", "say"), spoken)
    assert names == spoken
    assert terms == ("sister", "say")
    assert told_apart("Bo?", ("bo",), spoken) == (spoken, ("bo",))
    assert told_apart("What?", ("what",), spoken) == (frozenset(), ("what",))
