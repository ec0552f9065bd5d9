"""What a model meant is read out of what it said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.providers.chat.text import NOTHING, meant, read_json

LIST = {"type": "object", "properties": {"facts": {"type": "array"}}, "required": ["facts"]}


@pytest.mark.parametrize(
    ("said", "reasoning", "told"),
    [
        ("Yes.", "", "Yes."),
        ("<think>Is it? Yes.</think>\n\nYes.", "", "Yes."),
        ("Is it? Yes.</think>Yes.", "", "Yes."),
        ("<THINKING>\nhm\n</THINKING> Yes.", "hm", "Yes."),
        ("<think>I never end", "", ""),
        ("", "Yes.", "Yes."),
        ("  \n", "<think>hm</think>Yes.", "Yes."),
        ("Say <think> in HTML", "", "Say <think> in HTML"),
    ],
)
def test_reasoning_is_left_out(said: str, reasoning: str, told: str) -> None:
    assert meant(said, reasoning) == told


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"facts": []}', {"facts": []}),
        ('\ufeff{"facts": []}', {"facts": []}),
        ('```json\n{"facts": ["a"]}\n```', {"facts": ["a"]}),
        ('```\n{"facts": ["`x`"]}', {"facts": ["`x`"]}),
        ('Here: {"facts": ["}"]} Bye {', {"facts": ["}"]}),
        ('Like {"facts": "no"}? {"facts": [1]}', {"facts": [1]}),
        ('{"facts": ["a"', NOTHING),
        ('["facts"]', NOTHING),
        ("", NOTHING),
        ("{" * 3000, NOTHING),
        ("[" * 100_000, NOTHING),
    ],
)
def test_json_that_fits_is_found(text: str, data: Any) -> None:
    assert read_json(text, LIST) == data


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert isinstance(meant(text, text), str)
    read_json(text, LIST)
