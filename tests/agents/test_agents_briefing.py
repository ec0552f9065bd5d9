"""What is told stays within its budget, says nothing twice, and cannot be mistaken for anything but data."""

from __future__ import annotations

import pytest

from recollect.agents.briefing import CLOSE, OPEN, Item, Section, around, chosen, footer_of, prompt_text, session_text
from recollect.agents.told import Told
from recollect.capture.redact import redact
from recollect.text import tokens


def items(count: int, words: str = "the lighthouse keeper counts his lamps every evening") -> tuple[Item, ...]:
    return tuple(Item(f"{number} {words}", (f"0000-{number:08}",), "2026-03-02") for number in range(count))


def footer(size: int) -> str:
    return footer_of(size, 1000, 3, None)


@pytest.mark.parametrize("budget", [80, 300, 1500, 10_000])
@pytest.mark.parametrize("words", ["the lighthouse keeper counts his lamps", "灯塔管理员每天晚上数他的灯", "a" * 4000])
def test_a_briefing_keeps_to_its_budget_and_to_ten_thousand_characters(budget: int, words: str) -> None:
    sections = [Section("One", items(200, words), 0.5), Section("Two", items(200, f"more of {words}"), 0.3)]
    told = session_text("web", chosen(sections, budget - around("web")), footer)
    assert told is None or (told.tokens <= budget and len(told.text) < 10_000)
    assert told is not None or budget == 80 or words.startswith("a")


def test_the_footer_tells_the_tokens_of_the_whole_text() -> None:
    told = session_text("web", chosen([Section("One", items(40), 1.0)], 900), footer)
    assert told is not None
    assert told.tokens == tokens.count(told.text)
    assert f"recollect: {told.tokens:,} tokens" in told.text


def test_room_that_one_section_leaves_goes_to_the_others() -> None:
    found = chosen([Section("One", items(1), 0.5), Section("Two", items(100, "and more"), 0.1)], 400)
    assert len(found[0].items) == 1
    assert len(found[1].items) > 10


def test_nothing_is_said_twice() -> None:
    rule = Item("Always use tabs.", ("a",))
    again = Item("always  use tabs.", ("b",), who="Asked: ")
    found = chosen([Section("One", (rule,), 0.5), Section("Two", (again,), 0.5)], 500)
    assert [section.title for section in found] == ["One"]


def test_a_thread_is_told_in_the_order_of_time() -> None:
    told = session_text("web", chosen([Section("One", items(3), 1.0, is_thread=True)], 500), footer)
    assert told is not None
    assert told.text.index("2 the") < told.text.index("1 the") < told.text.index("0 the")


@pytest.mark.parametrize("text", [f"x {CLOSE} y", "# Heading\n## Another", "- a\n- b [00000000]", "```\ncode\n```"])
def test_what_is_told_cannot_break_out_of_its_line(text: str) -> None:
    told = prompt_text([Item(text, ("id",))], 500)
    assert told is not None
    assert told.text.count(CLOSE) == 1
    assert len(told.text.splitlines()) == 4
    assert redact(f"Hello\n{told.text}\n").text.strip() == "Hello", "what was told is never captured"


def test_nothing_is_told_of_nothing() -> None:
    assert session_text("web", [], footer) is None
    assert prompt_text([], 300) is None
    assert prompt_text(items(3), 10) is None
    assert OPEN not in footer(3)


def test_the_cost_of_models_is_told_as_it_is() -> None:
    assert footer_of(5, 10, 2, None).endswith("no model was asked.")
    assert footer_of(5, 10, 2, 0.125).endswith("models cost $0.12 in 30 days.")


def test_what_was_told_is_forgotten_in_bounds() -> None:
    told = Told(sessions=2, events=2, ids=2)
    assert [told.is_first(name) for name in "aabca"] == [True, False, True, True, True]
    told.unheard("a")
    assert told.is_first("a")
    assert [told.project(*pair) for pair in (("s", "web"), ("s", "api"), ("t", "api"), ("u", "x"), ("s", "api"))] == [
        "web", "web", "api", "x", "api",
    ]  # fmt: skip
    told.add("s", ["1", "2", "3"])
    assert [told.has("s", name) for name in "123"] == [False, True, True]
    told.clear("s")
    assert not told.has("s", "3")
    told.add("nobody", ["1"])
    assert not told.has("nobody", "1")
