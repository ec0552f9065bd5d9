"""Chunks: every part of a long text lies in exactly one, and no chunk is too long to be embedded whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.process.chunk import AIM, LEAST, chunks

WORDS = "The lantern hangs by the door. It is lit at six? Every evening! "


def test_a_short_text_is_one_chunk_without_the_blanks_around_it() -> None:
    assert chunks("  Lisbon \n") == [(2, 8)]


@pytest.mark.parametrize("text", ["", " ", "\n\t \u3000"])
def test_a_blank_text_has_no_chunk(text: str) -> None:
    assert chunks(text) == []


def test_a_hundred_kilobytes_are_found_by_any_part() -> None:
    text = "".join(f"Sentence {number} speaks of topic{number} alone. " for number in range(2500))
    spans = chunks(text)
    assert len(text) > 100_000
    assert all(any(f"topic{number} " in text[start:end] for start, end in spans) for number in range(0, 2500, 7))
    assert max(end - start for start, end in spans) <= AIM + LEAST


def test_cuts_fall_between_sentences() -> None:
    text = WORDS * 60
    spans = chunks(text)
    assert len(spans) > 1
    assert all(text[start:end].endswith((".", "!", "?")) for start, end in spans)


def test_a_chinese_character_weighs_as_much_as_five_western_ones() -> None:
    text = "今天我们把数据从树莓派搬到迷你主机，一切顺利。" * 40
    spans = chunks(text)
    assert all(end - start <= (AIM + LEAST) // 5 for start, end in spans)
    assert len(spans) >= 4


def test_a_sentence_without_end_is_cut_at_white_space() -> None:
    text = "word " * 2000
    assert all(text[start:end].rsplit(maxsplit=1)[-1] == "word" for start, end in chunks(text))


def test_a_code_block_that_fits_stays_whole() -> None:
    code = "```python\n" + "x = compute(1)\n" * (AIM // 20) + "```"
    text = f"{WORDS * 5}\n\n{code}\n\n{WORDS * 5}"
    assert any(code in text[start:end] for start, end in chunks(text))


def test_a_light_end_joins_the_chunk_before_it() -> None:
    text = "a" * (AIM - 10) + ". And a few words more."
    assert len(chunks(text)) == 1


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=60), st.integers(1, 120))
def test_spans_cover_all_that_is_not_blank_in_order(piece: str, times: int) -> None:
    text = piece * times
    spans = chunks(text)
    done = 0
    for start, end in spans:
        assert start < end <= len(text)
        assert not text[done:start].strip()
        done = end
    assert not text[done:].strip()
    assert chunks(text) == spans
