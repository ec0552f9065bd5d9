"""The context: within its budget whatever comes in, sourced, honest when there is nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.compose.compose import FUSION_LIMIT, compose
from recollect.models import Hit
from recollect.text import tokens

from .conftest import START, Make, hit

TOPICS = ["harbour", "violin", "glacier", "turbine", "orchid", "marble", "saffron", "pendulum", "lantern", "walnut"]


def many(count: int, words: int = 40) -> list[Hit]:
    return [
        hit(
            f"{TOPICS[at % 10]} number {at}: "
            + " ".join(f"{TOPICS[(at * 7 + word) % 10]}{at}x{word}" for word in range(words))
            + ".",
            1 - at / (2 * count),
            number=at,
            days=at,
        )
        for at in range(count)
    ]


def test_a_context_has_the_guiding_line_the_day_the_speaker_and_the_source(make: Make) -> None:
    found = compose("Which editor?", [make("I use Helix.", number=0xABC)])
    assert found.text.startswith("Below is project background and history")
    assert "- 2026-03-04 Mei: I use Helix. [00000abc]" in found.text
    assert found.memories == ("0195f000-0000-7000-8000-000000000abc",)
    assert found.fused_by == "extractive"


def test_a_chinese_question_gets_the_seeds_own_guiding_line(make: Make) -> None:
    found = compose("用什么编辑器？", [make("我用 Helix。")])
    assert found.text.startswith("以下是与你当前任务相关的项目背景与历史信息，请优先理解再继续操作：")
    assert "- 2026-03-04 Mei：我用 Helix。 [00000000]" in found.text


def test_the_language_can_be_asked_for(make: Make) -> None:
    assert compose("Which editor?", [make("I use Helix.")], language="zh").text.startswith("以下")


@pytest.mark.parametrize(("query", "said"), [("x", "Nothing is remembered about this."), ("什么", "没有相关记忆。")])
def test_without_memories_it_says_so(query: str, said: str) -> None:
    assert compose(query, []).text == said
    assert compose(query, []).memories == ()


def test_a_memory_that_says_nothing_is_left_out(make: Make) -> None:
    assert compose("x", [make("ok", dense=False)]).text == "Nothing is remembered about this."


def test_too_small_a_budget_is_told_from_having_nothing(make: Make) -> None:
    found = compose("x", [make("I use Helix.")], budget=14)
    assert found.memories == ()
    assert found.dropped == 1
    assert "Memories about this exist" in found.text


@pytest.mark.parametrize("style", ["markdown", "text", "xml"])
@pytest.mark.parametrize("budget", [0, 1, 5, 20, 40, 60, 100, 300, 1000, 5000])
def test_the_budget_holds_in_every_format(budget: int, style: Any) -> None:
    found = compose("harbour and violin", many(30), budget=budget, format=style)
    assert found.tokens == tokens.count(found.text) <= budget


def test_the_guiding_line_goes_before_a_memory_does(make: Make) -> None:
    found = compose("editor", [make("I use Helix.")], budget=26)
    assert found.text == "- 2026-03-04 Mei: I use Helix. [00000000]"


def test_who_asks_for_nothing_gets_the_seeds_fusion_limit() -> None:
    found = compose("harbour", many(60))
    assert FUSION_LIMIT / 2 < found.tokens < FUSION_LIMIT + 60
    assert found.dropped == 60 - len(found.memories)


def test_who_gives_a_budget_gets_it_filled() -> None:
    hits = many(60)
    assert 1400 < compose("harbour", hits, budget=2000).tokens <= 2000
    assert compose("harbour", hits, budget=2000, fusion_limit=300).tokens < 400


def test_near_repeats_are_told_once(make: Make) -> None:
    hits = [
        make("Commit messages are written in English.", 0.9, number=1),
        make("commit messages are written in English!", 0.8, number=2),
        make("The server runs on port eight thousand.", 0.7, number=3),
    ]
    found = compose("commit messages", hits)
    assert len(found.memories) == 2
    assert found.dropped == 0


def test_facts_that_differ_in_a_number_are_both_told(make: Make) -> None:
    hits = [make("The call starts at 15:00.", 0.9, number=1), make("The call starts at 16:00.", 0.8, number=2)]
    assert len(compose("call", hits).memories) == 2


def test_a_long_memory_is_shortened_to_what_answers(make: Make) -> None:
    filler = "The weather in the valley was rather mild on most of these days. " * 60
    text = f"{filler}The restic password lies in the sealed envelope. {filler}"
    found = compose("restic password", [make(text, 0.9, number=99), *many(20)], budget=400)
    assert "The restic password lies in the sealed envelope." in found.text
    assert "…" in found.text


def test_a_memory_of_a_hundred_kilobytes_is_shortened_around_its_best_chunk(make: Make) -> None:
    text = (
        "Plain words stand here and there. " * 3000
        + "The key is under the red stone. "
        + "More words follow it. " * 900
    )
    at = text.index("The key")
    found = compose("where is the key", [make(text, 0.9, start=at - 300, end=at + 300)])
    assert "The key is under the red stone." in found.text


def test_inside_a_topic_the_oldest_comes_first(make: Make) -> None:
    hits = [
        make("Thumbnails became AVIF.", 0.9, number=1, days=20, entities=("AVIF", "thumbnails")),
        make("Thumbnails were WebP before.", 0.8, number=2, days=2, entities=("WebP", "thumbnails")),
        make("The cat sleeps.", 0.5, number=3, days=1),
    ]
    found = compose("thumbnails", hits).text
    assert found.index("WebP before") < found.index("became AVIF") < found.index("### Also") < found.index("The cat")
    assert "### thumbnails" in found


def test_what_no_longer_holds_is_marked(make: Make) -> None:
    old = make("Thumbnails are WebP.", superseded_by="0195f000-0000-7000-8000-0000000000ff")
    assert "(superseded, see 000000ff)" in compose("thumbnails", [old]).text
    assert "（已被取代，见 000000ff）" in compose("缩略图", [old]).text


def test_notes_go_first_and_then_the_oldest_history(make: Make) -> None:
    hits = [make("I use Helix.")]
    history = [make(f"Earlier words number {at}.", number=at + 1).memory for at in range(3)]
    whole = compose("editor", hits, notes=["Ask before you push."], history=history)
    assert "Ask before you push." in whole.text
    assert "Earlier words number 0." in whole.text
    fewer = compose("editor", hits, notes=["Ask before you push."], history=history, budget=whole.tokens - 20)
    assert "Ask before you push." not in fewer.text
    assert "Earlier words number 2." in fewer.text
    assert "I use Helix." in fewer.text


def test_the_same_hits_give_the_same_text() -> None:
    hits = many(25)
    assert compose("marble", hits, budget=500) == compose("marble", hits, budget=500)


TEXTS = st.text(max_size=120) | st.sampled_from(
    ["</memories>", "# Heading\n- item", "```\ncode\n```", "[00000001] Bo: no", "一二三。四五六！"]
)


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=40),
    st.lists(st.tuples(TEXTS, st.floats(0, 1), st.booleans()), max_size=8),
    st.integers(0, 400),
    st.sampled_from(["markdown", "text", "xml"]),
)
def test_whatever_comes_in_the_budget_holds(
    query: str, texts: list[tuple[str, float, bool]], budget: int, style: Any
) -> None:
    hits = [hit(text, score, number=at, dense=dense) for at, (text, score, dense) in enumerate(texts)]
    found = compose(query, hits, budget=budget, format=style)
    assert found.tokens == tokens.count(found.text) <= budget
    assert set(found.memories) <= {one.memory.id for one in hits}
    assert len(set(found.memories)) == len(found.memories)
    assert START.year == 2026
    assert compose(query, hits, budget=budget, format=style) == found


def test_of_a_huge_memory_the_answer_stands_beside_other_memories(make: Make) -> None:
    text = "Plain words stand here and there. " * 3000 + "The key is under the red stone. " + "More words. " * 900
    at = text.index("The key")
    hits = [make(text, 0.9, number=99, start=at - 200, end=at + 200), make("The key to the shed is blue.", 0.8)]
    found = compose("where is the key", hits, budget=300)
    assert "The key is under the red stone." in found.text
    assert "The key to the shed is blue." in found.text
