"""Sentences end where a reader would end them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.text.sentence import blocks, sentences


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Smith lives in St. Ives.", ["Dr. Smith lives in St. Ives."]),
        ("Use tabs, e.g. here. Not there.", ["Use tabs, e.g. here.", "Not there."]),
        ("J. R. Smith wrote it.", ["J. R. Smith wrote it."]),
        (
            "It costs 3.5 dollars. See https://x.org/a.b?c=d now.",
            ["It costs 3.5 dollars.", "See https://x.org/a.b?c=d now."],
        ),
        ("你好。再见！走吧", ["你好。", "再见！", "走吧"]),
        ("他说“好的。”然后走了。", ["他说“好的。”", "然后走了。"]),
        ("1. First\n2. Second", ["1. First", "2. Second"]),
        ("Bread, milk, etc. Then we left.", ["Bread, milk, etc.", "Then we left."]),
        ("Wait... what?", ["Wait...", "what?"]),
        ("  \n ", []),
    ],
)
def test_a_text_falls_into(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_a_code_fence_is_one_piece() -> None:
    text = "Look. Here:\n```py\na = 1. b\n\nc\n```\nDone."
    assert cut(text) == ["Look.", "Here:", "```py\na = 1. b\n\nc\n```", "Done."]
    assert [block.code for block in blocks(text)] == [False, True, False]


def test_an_open_fence_runs_to_the_end() -> None:
    assert cut("Hi.\n~~~\na\n```\nb") == ["Hi.", "~~~\na\n```\nb"]


@given(st.text(alphabet=st.sampled_from('aB1 .!?。！\n`~"”Dr'), max_size=200))
@settings(max_examples=150, deadline=None)
def test_only_blanks_lie_between_sentences_and_blocks_leave_no_gap(text: str) -> None:
    place = 0
    for start, end in sentences(text):
        assert place <= start < end
        assert not text[place:start].strip()
        place = end
    assert not text[place:].strip()
    assert "".join(text[block.start : block.end] for block in blocks(text)) == text


@pytest.mark.parametrize("piece", ["a", "a. ", ".", "。", "\n", "```\n", "1. ", ". ", ".)", "~~~\n"])
def test_hostile_text_takes_linear_time(piece: str) -> None:
    started = time.thread_time()
    sentences(piece * (200_000 // len(piece)))
    assert time.thread_time() - started < 3  # a second of it may be the collection of all that pytest holds
