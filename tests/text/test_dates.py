"""Time expressions mean the stretch of time a reader would take them for."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.text.dates import spans

NOW = datetime(2023, 5, 18, 15, 30, tzinfo=UTC)  # a Thursday


def meant(text: str, now: datetime = NOW) -> list[str]:
    """Return each stretch as 'first day..last day', the hours shown where they are not midnight."""

    def shown(moment: datetime) -> str:
        return f"{moment:%Y-%m-%d}" if moment.hour == moment.minute == 0 else f"{moment:%Y-%m-%dT%H:%M}"

    return [f"{shown(dated.span.start)}..{shown(dated.span.end)}" for dated in spans(text, now)]


CASES = {
    "yesterday": "2023-05-17..2023-05-18",
    "the day before yesterday": "2023-05-16..2023-05-17",
    "tomorrow": "2023-05-19..2023-05-20",
    "last week": "2023-05-08..2023-05-15",
    "last Friday": "2023-05-12..2023-05-13",
    "last Thursday": "2023-05-11..2023-05-12",
    "on Tuesday": "2023-05-16..2023-05-17",
    "this month": "2023-05-01..2023-06-01",
    "two weeks ago": "2023-05-01..2023-05-08",
    "three days ago": "2023-05-15..2023-05-16",
    "a few days ago": "2023-05-13..2023-05-17",
    "in the last 3 months": "2023-02-18..2023-05-19",
    "in May": "2023-05-01..2023-06-01",
    "in June": "2022-06-01..2022-07-01",
    "in May 2023": "2023-05-01..2023-06-01",
    "May 7 2023": "2023-05-07..2023-05-08",
    "May 7th, 2022": "2022-05-07..2022-05-08",
    "7 May": "2023-05-07..2023-05-08",
    "29 February": "2020-02-29..2020-03-01",
    "2023-05-07": "2023-05-07..2023-05-08",
    "05/07/2023": "2023-05-07..2023-05-08",
    "25/07/2022": "2022-07-25..2022-07-26",
    "the summer of 2022": "2022-06-01..2022-09-01",
    "last winter": "2022-12-01..2023-03-01",
    "last year": "2022-01-01..2023-01-01",
    "in 2021": "2021-01-01..2022-01-01",
    "Q3 2022": "2022-07-01..2022-10-01",
    "recently": "2023-05-04..2023-05-19",
    "this morning": "2023-05-18..2023-05-18T12:00",
    "last night": "2023-05-17T18:00..2023-05-18T06:00",
    "late March 2023": "2023-03-21..2023-04-01",
    "between May and July": "2022-05-01..2022-08-01",
    "between March 3 and April 2": "2023-03-03..2023-04-03",
    "between August 11 and August 15 2022": "2022-08-11..2022-08-16",
    "from January 2022 to March": "2022-01-01..2022-04-01",
    "since March": "2023-03-01..2023-05-19",
    "before March": "1970-01-01..2023-03-01",
    "after March": "2023-04-01..2023-05-19",
    "last weekend": "2023-05-13..2023-05-15",
    "昨天": "2023-05-17..2023-05-18",
    "今天": "2023-05-18..2023-05-19",
    "前天": "2023-05-16..2023-05-17",
    "昨晚": "2023-05-17T18:00..2023-05-18T06:00",
    "上周": "2023-05-08..2023-05-15",
    "上周五": "2023-05-12..2023-05-13",
    "上个月": "2023-04-01..2023-05-01",
    "上个月5号": "2023-04-05..2023-04-06",
    "三天前": "2023-05-15..2023-05-16",
    "十二天前": "2023-05-06..2023-05-07",
    "两周前": "2023-05-01..2023-05-08",
    "三个月前": "2023-02-01..2023-03-01",
    "2023年5月": "2023-05-01..2023-06-01",
    "2023年5月7日": "2023-05-07..2023-05-08",
    "5月7日": "2023-05-07..2023-05-08",
    "六月": "2022-06-01..2022-07-01",
    "去年": "2022-01-01..2023-01-01",
    "去年夏天": "2022-06-01..2022-09-01",
    "今年": "2023-01-01..2024-01-01",
    "最近": "2023-05-04..2023-05-19",
    "最近三天": "2023-05-15..2023-05-19",
    "周末": "2023-05-13..2023-05-15",
    "上个季度": "2023-01-01..2023-04-01",
    "3月以来": "2023-03-01..2023-05-19",
    "三月之前": "1970-01-01..2023-03-01",
    "2022年3月到5月": "2022-03-01..2022-06-01",
    "五月底": "2023-05-21..2023-06-01",
    "先週": "2023-05-08..2023-05-15",
    "3日前": "2023-05-15..2023-05-16",
    "月曜日": "2023-05-15..2023-05-16",
}


@pytest.mark.parametrize("text", CASES)
def test_an_expression_means(text: str) -> None:
    assert meant(text) == [CASES[text]]


@pytest.mark.parametrize("text", CASES)
def test_an_expression_means_the_same_inside_a_sentence(text: str) -> None:
    sentence = f"What did we decide {text}, and why?" if text.isascii() else f"我们{text}讨论的数据库？"
    assert meant(sentence) == [CASES[text]]


@pytest.mark.parametrize(
    "text",
    [
        "may I ask",
        "you may march",
        "2023-02-31",
        "9999999-01-01",
        "year 9999999",
        "v1.2.2023",
        "10.0.0.1",
        "2023年2月31日",
        "0000-01-01",
        "13月",
        "99999999999 days ago",
        "星期日本来",
        "三个月",
        "port 2024",
        "0000年",
        "5/7",
    ],
)
def test_what_is_no_date_is_passed_over(text: str) -> None:
    assert meant(text) == []


def test_days_are_those_of_the_time_zone_the_question_is_asked_in() -> None:
    shanghai = timezone(timedelta(hours=8))
    (dated,) = spans("昨天", datetime(2023, 5, 18, 1, tzinfo=shanghai))
    assert dated.span.start == datetime(2023, 5, 16, 16, tzinfo=UTC)
    assert dated.span.end == datetime(2023, 5, 17, 16, tzinfo=UTC)


def test_each_stretch_knows_its_characters() -> None:
    text = "What changed between May 3 and May 5, and last week?"
    assert [text[dated.start : dated.end] for dated in spans(text, NOW)] == ["between May 3 and May 5", "last week"]


PIECES = (
    "last next this week Friday May 31 2023 02 - / . 9999 ago 99 days since before early 年 月 日 上 个 周 前 到 一"
)


@given(st.lists(st.sampled_from(PIECES.split(" ")), max_size=12), st.sampled_from(["", " "]), st.datetimes())
@settings(max_examples=200, deadline=None)
def test_odd_text_at_odd_times_never_raises(pieces: list[str], joint: str, now: datetime) -> None:
    text = joint.join(pieces)
    place = 0
    for dated in spans(text, now.replace(tzinfo=timezone(timedelta(hours=-11)))):
        assert dated.span.start < dated.span.end
        assert place <= dated.start < dated.end <= len(text)
        place = dated.end


@pytest.mark.parametrize("piece", ["1", "a ", "May ", "2023-", "上", "5月", "一", "the ", "early ", "  ", "between "])
def test_hostile_text_takes_little_time(piece: str) -> None:
    started = time.thread_time()
    spans(piece * (200_000 // len(piece)), NOW)
    assert time.thread_time() - started < 3  # as in test_sentence.py
