"""Token counts are near those of a real tokenizer, and cuts respect them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.text.tokens import count, cut


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("", 0, 0),
        ("   ", 0, 0),
        ("Hello, world!", 3, 5),  # o200k: 4
        ("The quick brown fox jumps over the lazy dog.", 9, 11),  # o200k: 10
        ("数据库", 2, 3),
        ("1234567", 3, 4),  # o200k: 3
    ],
)
def test_a_count_lies_near_the_truth(text: str, low: int, high: int) -> None:
    assert low <= count(text) <= high


def test_a_short_text_is_not_cut() -> None:
    assert cut("Hello there.", 10) == "Hello there."


def test_a_cut_prefers_the_end_of_a_sentence() -> None:
    assert cut("One two three four five six. Seven eight nine ten.", 10) == "One two three four five six.…"


def test_a_cut_falls_between_words() -> None:
    text = "alpha beta gamma delta epsilon zeta eta theta iota kappa"
    kept = cut(text, 6)
    assert kept.endswith("…")
    assert text.startswith(kept[:-1] + " ")


def test_chinese_is_cut_between_characters() -> None:
    assert cut("我们今天讨论数据库的选择问题" * 5, 10).endswith("…")


def test_no_room_gives_nothing() -> None:
    assert cut("word", 0) == ""
    assert cut("word", -5) == ""


@given(st.text(max_size=200), st.integers(-1, 60))
@settings(max_examples=150, deadline=None)
def test_what_is_cut_fits_and_is_a_prefix(text: str, limit: int) -> None:
    kept = cut(text, limit)
    assert count(kept) <= max(limit, 0)
    assert text.startswith(kept.removesuffix("…")) or kept == text
    assert kept == text or count(text) > limit
