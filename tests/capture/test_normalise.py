"""What normalise mends, what it leaves alone, and how files become text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.capture.normalise import decode, normalise

SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
NASTY = "ab \n\t\r\x00\x1b[1m\x85\u200b\u200c\u200d\u2028\u202e\ufeff\ufe0f\ufe00\ud83d"
NASTY += "\ude00क्ষمنกข葛❤👩\U0001f3f4\U000e0067\U000e007f\U000e0100"


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("a\r\nb\rc\u2028d\u2029e\x85f\x0bg\x0ch", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("nul\x00 bell\x07 del\x7f c1\x9b end", "nul bell del c1 end"),
        ("\ufeffbom in\ufeffside", "bom inside"),
        ("lone \ud800 half, \udfff other", "lone \ufffd half, \ufffd other"),
        ("pair \ud83d\ude00", "pair 😀"),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07plain", "red plain"),
        ("ev\u202eil\u2066 iso\u2069late \u200fmark", "evil isolate mark"),
        ("pass\u200bword soft\u00adhyphen wo\u2060rd", "password softhyphen word"),
        ("hid\U000e0068\U000e0069den \U000e0001", "hidden "),
        ("Latin\u200djoiner and\u200cnon", "Latinjoiner andnon"),
        ("❤\ufe0f\ufe0e\ufe0f", "❤\ufe0f"),
        ("a\U000e0101\U000e0102", "a"),
    ],
)
def test_what_cannot_be_seen_is_mended(given_text: str, kept: str) -> None:
    assert normalise(given_text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "plain\n\ttext with trailing space  \n",
        "👩\u200d💻 👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 🏳\ufe0f\u200d🌈",
        f"flag {SCOTLAND}",
        "می\u200cخواهم کتاب\u200cها",
        "क्\u200dष and क्\u200cष and र्\u200d",
        "กขค\u200bกขค",
        "葛\U000e0100城",
        "e\u0301 stays two, é stays one, ﬁ and ① stay",
        "中文，日本語、한국어。",
    ],
)
def test_all_else_stays_verbatim(text: str) -> None:
    assert normalise(text) == text


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from(NASTY), st.characters(codec=None)), max_size=60))
def test_any_text_becomes_valid_and_stays_as_it_is_after_that(text: str) -> None:
    once = normalise(text)
    once.encode("utf-8")
    assert "\x00" not in once
    assert "\r" not in once
    assert normalise(once) == once


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("naïve 中文".encode(), "naïve 中文"),
        (b"\xef\xbb\xbfwith mark", "with mark"),
        ("宽字符".encode("utf-16"), "宽字符"),
        (b"\xfe\xff" + "宽字符".encode("utf-16-be"), "宽字符"),
        ("宽字符".encode("utf-32"), "宽字符"),
        ("国标编码".encode("gb18030"), "国标编码"),
        (b"broken \xff\xff\xff", "broken \ufffd\ufffd\ufffd"),
        (b"", ""),
    ],
)
def test_files_are_decoded_by_mark_then_utf8_then_gb18030(data: bytes, text: str) -> None:
    assert decode(data) == text


@given(st.binary(max_size=80))
@settings(max_examples=80, deadline=None)
def test_any_bytes_become_text(data: bytes) -> None:
    normalise(decode(data)).encode("utf-8")


@pytest.mark.parametrize("seed", ["\x1b[", "\x1b[0", "\x1b]", "\ud800", "\u200d", "\ufe0f", "\r"])
def test_hostile_text_is_mended_in_linear_time(seed: str) -> None:
    text = seed * (300_000 // len(seed))
    start = time.perf_counter()
    normalise(text)
    assert time.perf_counter() - start < 5
