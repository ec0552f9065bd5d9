"""Said again, nearly said again, and replaced."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.models import Kind
from recollect.process.resolve import NEAR, fold, near, supersedes
from recollect.text.words import terms

from .conftest import Make


@pytest.mark.parametrize(
    ("one", "two"),
    [("Alice prefers tabs", "alice  prefers TABS!"), ("用英文写。", "用英文写"), ("ＡＢＣ", "abc"), ("a\nb", "A b")],
)
def test_case_space_and_punctuation_do_not_make_another_text(one: str, two: str) -> None:
    assert fold(one) == fold(two)


def test_other_words_do() -> None:
    assert fold("Alice prefers tabs") != fold("Alice prefers taps")


@pytest.mark.parametrize(
    ("one", "two", "alike"),
    [
        ("Mei prefers dark roast coffee in the morning", "In the morning Mei prefers dark roast coffee.", True),
        ("提交信息一律用英文写", "提交信息一律用英文写吧", True),
        ("Alice prefers tabs", "Alice prefers tabs in Python files", False),
        ("The call is at 15:00 on Tuesday", "The call is at 16:00 on Tuesday", False),
        ("Bo likes tea", "The server runs Debian", False),
    ],
)
def test_near_repeats_are_told_from_new_facts(one: str, two: str, *, alike: bool) -> None:
    assert (near(terms(one), terms(two)) >= NEAR) is alike


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("We use SQLite for the album", "We switched from SQLite to PostgreSQL for the album"),
        ("The weekly call is on Tuesday at 20:00", "The weekly call moved from Tuesday to Thursday 16:00"),
        ("I live in Singapore", "I live in Lisbon"),
        ("My favourite editor is Vim", "My favourite editor is Helix"),
        ("Thumbnails are 320 px WebP", "Thumbnails are now 480 px AVIF, instead of WebP"),
        ("Mei uses Caddy as the proxy", "Mei no longer uses Caddy as the proxy"),
        ("例会在每周二晚上八点", "例会改成每周四下午四点"),
        ("我住在新加坡", "我现在住在里斯本"),
        ("缩略图用 WebP", "缩略图不再用 WebP"),
    ],
)
def test_a_change_replaces_what_it_changes(make: Make, old: str, new: str) -> None:
    before = make(old, kind=Kind.FACT)
    after = make(new, kind=Kind.FACT, days=3)
    assert supersedes(after, before)
    assert not supersedes(before, after)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The weekly call is on Tuesday", "We switched from SQLite to PostgreSQL"),
        ("We use SQLite for the album", "We use SQLite for the album"),
        ("Mei prefers tabs", "Bo no longer prefers coffee"),
        ("I work at Acme", "I live in Lisbon"),
        ("The album has a timeline", "The album has comments"),
        ("我喜欢喝茶", "会议改成周四"),
    ],
)
def test_other_subjects_stay_as_they_are(make: Make, old: str, new: str) -> None:
    assert not supersedes(make(new, kind=Kind.FACT, days=3), make(old, kind=Kind.FACT))


def test_turns_stay_as_they_were_said(make: Make) -> None:
    assert not supersedes(make("I live in Lisbon", kind=Kind.FACT, days=1), make("I live in Porto"))


def test_one_speaker_does_not_replace_what_another_says_of_himself(make: Make) -> None:
    old = make("Mei: I live in Singapore", kind=Kind.FACT, speaker="Mei")
    new = make("Bo: I live in Lisbon", kind=Kind.FACT, speaker="Bo", days=1)
    assert not supersedes(new, old)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=6)), st.lists(st.text(min_size=1, max_size=6)))
def test_likeness_is_symmetric_and_within_bounds(one: list[str], two: list[str]) -> None:
    assert 0 <= near(one, two) <= 1
    assert near(one, two) == pytest.approx(near(two, one))
