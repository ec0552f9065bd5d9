"""Summaries: what a conversation decided, in its own words, within a budget."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.models import Kind, Memory, Role, Scope
from recollect.process.summarise import TITLE, summary, title
from recollect.text import tokens

from .conftest import START, Make


def talk(make: Make) -> list[Memory]:
    return [
        make("Hi there!", speaker="Mei"),
        make("We need a database for the album. SQLite or PostgreSQL?", speaker="Mei"),
        make("SQLite has a single write lock, which several upload workers would wait for.", role=Role.ASSISTANT),
        make("Then let's go with PostgreSQL 16 as the album database.", speaker="Mei", days=1),
        make("ok", speaker="Tomás", days=1),
        make("I'll create the PostgreSQL schema for the album on Friday.", speaker="Mei", days=1),
    ]


def test_decisions_and_plans_are_in_it_with_day_and_speaker(make: Make) -> None:
    found = summary(talk(make))
    assert "Mei: Then let's go with PostgreSQL 16 as the album database." in found
    assert "I'll create the PostgreSQL schema" in found
    assert "2026-03-03" in found.splitlines()
    assert "Hi there" not in found


def test_a_chinese_conversation_is_summed_up_in_chinese(make: Make) -> None:
    turns = [
        make("早上好", speaker="Mei"),
        make("相册的缩略图用什么格式好？", speaker="Mei"),
        make("我们决定缩略图用 AVIF，宽度 480 像素。", speaker="Mei"),
    ]
    assert "我们决定缩略图用 AVIF，宽度 480 像素。" in summary(turns)


def test_the_limit_holds_and_the_order_is_kept(make: Make) -> None:
    turns = [make(f"Decision {at}: let's use plan number {at} for room {at * 7}.", days=at) for at in range(40)]
    found = summary(turns, 60)
    assert tokens.count(found) <= 60
    days = [line for line in found.splitlines() if line.startswith("2026")]
    assert days == sorted(days)


def test_the_same_is_not_said_twice(make: Make) -> None:
    turns = [make("Let's go with PostgreSQL for the album database.", days=at) for at in range(3)]
    assert summary(turns).count("PostgreSQL") == 1


def test_nothing_gives_nothing(make: Make) -> None:
    assert summary([]) == ""
    assert title([]) == ""
    assert summary([make("ok"), make("thanks")]) == ""


def test_a_title_tells_the_subject_without_the_greeting(make: Make) -> None:
    assert title([make("Hi!"), make("Hello, my upload fails with error E11000 in the import.")]).startswith(
        "my upload fails"
    )
    assert title([make("x", title="Kickoff")]) == "Kickoff"
    assert title([make("早上好，上传接口报错了，合并分片失败。")]).startswith("上传接口报错了")


def test_a_long_title_is_cut_at_a_word(make: Make) -> None:
    found = title([make("The importer of the family album stumbles over photographs " * 3)])
    assert len(found) <= TITLE
    assert found.endswith("…")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=8), st.integers(0, 60))
def test_any_conversation_is_summed_up_within_the_limit(texts: list[str], most: int) -> None:
    turns = [
        Memory(str(at), Kind.TURN, text, Scope(), START, START, "", role=Role.USER) for at, text in enumerate(texts)
    ]
    assert tokens.count(summary(turns, most)) <= most
    assert summary(turns, most) == summary(turns, most)
    assert len(title(turns)) <= TITLE
