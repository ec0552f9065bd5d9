"""A text's language is judged by its letters."""

from __future__ import annotations

import pytest

from recollect.text.language import cjk_share, language


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How are you?", "en"),
        ("用 FastAPI 写的", "zh"),
        ("数据库是什么", "zh"),
        ("東京の天気はどうですか", "ja"),
        ("カタカナ", "ja"),
        ("회의는 언제입니까", "ko"),
        ("The word 猫 means cat in Chinese", "en"),
        ("Ёлка", "en"),
        ("", "en"),
        ("\ud800", "en"),
    ],
)
def test_the_language_is(text: str, expected: str) -> None:
    assert language(text) == expected


def test_the_share_counts_letters_only() -> None:
    assert cjk_share("ab 数据 12!") == 0.5
    assert cjk_share("数据。") == 1.0
    assert cjk_share("12 —") == 0.0
