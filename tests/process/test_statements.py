"""Statements: sentences that stand alone as facts, and nothing that only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.models import Kind, Memory, Role, Scope
from recollect.process.statements import statements

from .conftest import START, Make


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I prefer tabs over spaces.", "preference"),
        ("I really love Sichuan food.", "preference"),
        ("My favourite editor is Helix.", "preference"),
        ("Bo hates long meetings.", "preference"),
        ("我更喜欢用制表符。", "preference"),
        ("我最喜欢的颜色是蓝色。", "preference"),
        ("My name is Mei Tan.", "identity"),
        ("I work at a hospital in Lyon.", "identity"),
        ("I'm allergic to shellfish.", "identity"),
        ("My sister lives in Perth.", "identity"),
        ("我叫王小明。", "identity"),
        ("我在上海工作。", "identity"),
        ("我是一名护士。", "identity"),
        ("Always run the linter before a commit.", "instruction"),
        ("From now on, write commit messages in English.", "instruction"),
        ("Please don't push to main again without asking.", "instruction"),
        ("以后提交信息都用英文写。", "instruction"),
        ("记住，数据库密码不放进仓库。", "instruction"),
        ("Let's go with PostgreSQL 16.", "decision"),
        ("We decided to drop face recognition.", "decision"),
        ("Then thumbnails are 320 px WebP, quality 75.", "decision"),
        ("我们决定用 PostgreSQL。", "decision"),
        ("例会改成每周四下午四点。", "decision"),
        ("I'll send the invoice to Bo on Friday.", "plan"),
        ("The deadline for the report is 2026-04-10.", "plan"),
        ("我打算下周三去里斯本出差。", "plan"),
    ],
)
def test_a_statement_is_found_with_its_category(make: Make, text: str, category: str) -> None:
    assert [found.category for found in statements(make(text))] == [category]


@pytest.mark.parametrize(
    "text",
    [
        "Do you prefer tabs?",
        "你喜欢用制表符吗？",
        "If I moved to Porto I would learn Portuguese.",
        "如果我们改成异步会怎么样",
        "Maybe we should go with Redis.",
        "> I prefer tabs over spaces.",
        "```\nAlways run the linter before a commit.\n```",
        "I love it!",
        "I like that.",
        "I'd like to see the log.",
        "Let's do it.",
        "I never enabled it on the new machine.",
        "I'm working on it.",
        "I'll write it tonight.",
        "Always the time zone.",
        "Nice weather, we walked along the river.",
        "我喜欢。",
        "以后再说吧。",
    ],
)
def test_what_only_looks_like_a_statement_is_left_out(make: Make, text: str) -> None:
    assert statements(make(text)) == ()


def test_the_sentence_is_verbatim_and_the_first_person_has_its_speaker(make: Make) -> None:
    memory = make("Oh, formatting. I prefer tabs, width 4. Bye!", speaker="Tomás")
    (found,) = statements(memory)
    assert found.text == "Tomás: I prefer tabs, width 4."
    assert memory.text[found.start : found.end] == "I prefer tabs, width 4."


def test_the_third_person_needs_no_speaker(make: Make) -> None:
    (found,) = statements(make("Bo prefers spaces in Python.", speaker="Mei"))
    assert found.text == "Bo prefers spaces in Python."


def test_list_marks_are_not_part_of_a_statement(make: Make) -> None:
    (found,) = statements(make("- I prefer tabs over spaces", speaker="Bo"))
    assert found.text == "Bo: I prefer tabs over spaces"


def test_of_the_assistant_only_decisions_and_plans_count(make: Make) -> None:
    assert statements(make("I prefer tabs over spaces.", role=Role.ASSISTANT)) == ()
    (found,) = statements(make("Noted: v0.4.0 is due on Thursday 30 April.", role=Role.ASSISTANT))
    assert found.category == "decision"


def test_notes_and_tools_state_nothing_more(make: Make) -> None:
    assert statements(make("I prefer tabs over spaces.", kind=Kind.NOTE)) == ()
    assert statements(make("I prefer tabs over spaces.", role=Role.TOOL)) == ()


def test_one_turn_may_state_several_things_in_order(make: Make) -> None:
    text = "My name is Mei Tan. I prefer tabs over spaces. How are you? Let's use Caddy as the proxy."
    assert [found.category for found in statements(make(text))] == ["identity", "preference", "decision"]


SEEDS = st.sampled_from(
    ["I prefer ", "always ", "我喜欢", "以后都用", "Let's use ", ". ", "\n", "? ", "if ", "```", "tabs ", "明天"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(SEEDS | st.text(max_size=8), max_size=30))
def test_spans_lie_inside_the_text_and_in_order(pieces: list[str]) -> None:
    text = "".join(pieces)
    memory = Memory("x", Kind.TURN, text, Scope(), START, START, "", role=Role.USER, speaker="Bo")
    done = 0
    for found in statements(memory):
        assert done <= found.start < found.end <= len(text)
        assert found.text.removeprefix("Bo: ") == text[found.start : found.end]
        done = found.end


@pytest.mark.parametrize(
    "text",
    [
        "Let's keep going and reach success together!",
        "I'll keep you posted on the new job.",
        "Now, let's move on to some more practice problems.",
        "I'm a huge fan of this genre!",
        "Always here to cheer you on.",
        "My family is always there for me.",
        "There are a couple of poses I really enjoy.",
    ],
)
def test_warm_words_are_no_facts(make: Make, text: str) -> None:
    assert statements(make(text)) == ()
