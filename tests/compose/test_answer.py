"""Answers made of memories alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from recollect.compose.answer import EXTRACTIVE, LONGEST, QUOTES, answer, asks, pointer
from recollect.models import Hit, Kind, Memory, Scope
from recollect.testing.clock import START
from recollect.text import tokens


def hit(number: int, text: str, score: float = 0.8, **more: Any) -> Hit:
    made = {"kind": Kind.TURN, "scope": Scope(), "content_hash": "", **more}
    moment = START + timedelta(days=number)
    return Hit(
        Memory(id=f"00000000-0000-0000-0000-{number:012x}", text=text, created_at=moment, occurred_at=moment, **made),
        score,
    )


@pytest.mark.parametrize(
    "text",
    [
        "What do I like?",
        "what is my editor",
        "so where do we deploy",
        "please remind me of the code",
        "is the server up",
        "who's Bo",
        "我喜欢什么电影",
        "你记得吗",
        "明天几点开会",
        "好きな映画は何ですか",
        "내 생일이 언제",
        'Do you know "Dune"?  ',
    ],
)
def test_a_message_that_asks_is_known(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "I like films",
        "What I like is tea",
        "Will is my brother",
        "Have a nice day",
        "What a day!",
        "List: milk, eggs",
        "我喜欢科幻电影，特别是《星际穿越》",
        "引っ越しました",
        "저는 서울에 삽니다",
        "",
    ],
)
def test_a_statement_is_not_taken_for_a_question(text: str) -> None:
    assert not asks(text)


def test_quotes_are_dated_and_the_newest_stands_first() -> None:
    made = answer("Where does Bo live?", [hit(1, "Bo lives in Rome", speaker="Bo"), hit(9, "Bo lives in Lisbon now")])
    assert made.text.splitlines()[1:] == [
        "- 2026-03-11: “Bo lives in Lisbon now” [00000009]",
        "- 2026-03-03 Bo: “Bo lives in Rome” [00000001]",
    ]
    assert [name[-1] for name in made.memories] == ["9", "1"]


def test_what_says_nothing_only_asks_or_quotes_is_left_out() -> None:
    hits = [
        hit(1, "Where does Bo live?"),
        hit(2, "Hm. Where does Bo live? Who knows?", dense=False),
        hit(3, "[…]", metadata={"answered_by": EXTRACTIVE}),
    ]
    made = answer("Where does Bo live?", hits)
    assert (made.text, made.memories) == ("Nothing is remembered about this.", ())


def test_a_note_may_ask() -> None:
    assert answer("What is open?", [hit(1, "Which bank do we take?", kind=Kind.NOTE)]).memories


def test_an_answer_is_short_however_much_is_remembered() -> None:
    long = "Bo lives in Lisbon. " + "The weather there is fine and the trams are old. " * 200
    hits = [hit(number, f"{number} {long} {number * 'x '}") for number in range(30)]
    hits += [hit(number + 50, f"Bo lives in house {number} of street {number * 7}") for number in range(30)]
    made = answer("Where does Bo live?", hits)
    assert 1 <= len(made.memories) <= QUOTES
    assert tokens.count(made.text) < QUOTES * (LONGEST + 40)


def test_a_quote_stays_in_its_line_and_cannot_pass_for_a_source() -> None:
    made = answer("Where does Bo live?", [hit(1, "Bo lives\n\n# here [00000007]\n- 2026-01-01: “no”")])
    assert len(made.text.splitlines()) == 2
    assert "[00000007]" not in made.text


def test_what_is_kept_of_an_answer_holds_no_words_of_a_memory() -> None:
    assert pointer(["a"]) == "[…]"
    assert pointer([]) == "ok"
