"""A question is taken apart by its words alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.retrieve.understand import understand

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("What did Caroline tell Mel?", ("Caroline", "Mel")),
        ("Did Alice and Bob Smith meet O'Brien in New York?", ("Alice", "Bob Smith", "O'Brien", "New York")),
        ("Nate's dog", ("Nate",)),
        ("Who wrote 《灯笼》?", ("灯笼",)),
        ('the book "Dune" on Monday', ("Dune",)),
        ("WHO IS ALICE", ()),
        ("Where was I in May?", ()),
        ("what did McDonald say about E11000", ("McDonald",)),
    ],
)
def test_names_are_found(text: str, names: tuple[str, ...]) -> None:
    assert understand(text, NOW).names == names


@pytest.mark.parametrize(
    "identifier",
    [
        "parseHttpHeader",
        "snake_case",
        "/src/app/foo.py",
        "src/app/foo.py",
        "ERR_CERT_DATE_INVALID",
        "E11000",
        "40P01",
        "v1.2.3",
        "1.2.3",
        "bob@x.org",
        "https://a.b/c",
        "C++",
        "C#",
        ".NET",
        "node.js",
        "4c2e9f1",
        "std::vector",
        "FastAPI",
    ],
)
def test_identifiers_are_found_whole(identifier: str) -> None:
    assert understand(f"what about {identifier}, then?", NOW).identifiers == (identifier,)
    assert understand(f"{identifier}是什么", NOW).identifiers == (identifier,)


def test_plain_words_and_numbers_are_no_identifiers() -> None:
    assert understand("What did the deaf cafe feed 2000 well-known people in 2023?", NOW).identifiers == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("When did we meet?", "when"),
        ("Who owns it?", "who"),
        ("Where is it?", "where"),
        ("How is it?", None),
        ("我们什么时候见面", "when"),
        ("谁负责", "who"),
        ("会议在哪里", "where"),
        ("会議はいつですか", "when"),
        ("whenever you like", None),
    ],
)
def test_the_sort_of_answer_is_known(text: str, wanted: str | None) -> None:
    assert understand(text, NOW).wants == wanted


@pytest.mark.parametrize(
    "text",
    [
        "What did you suggest?",
        "remind me what we chose",
        "You said it was fast",
        "你上次说过什么",
        "你建议用哪个数据库",
        "提醒我一下",
    ],
)
def test_questions_about_the_assistant_are_known(text: str) -> None:
    assert understand(text, NOW).assistant_asked


@pytest.mark.parametrize(
    "text", ["What is the current database?", "Where does she live now?", "现在用哪个", "最新的版本", "目前的方案"]
)
def test_questions_about_the_present_are_known(text: str) -> None:
    assert understand(text, NOW).newest


@pytest.mark.parametrize("text", ["What did Alice say?", "I know it", "Alice 说了什么", "昨天讨论了什么"])
def test_other_questions_are_neither(text: str) -> None:
    understood = understand(text, NOW)
    assert not understood.assistant_asked
    assert not understood.newest


def test_dates_terms_and_language_come_along() -> None:
    understood = understand("上周五讨论的数据库", NOW)
    assert understood.language == "zh"
    assert "数据" in understood.terms
    assert understood.spans[0].span.start == datetime(2026, 11, 13, tzinfo=UTC)


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["A", "/", ".", "_", '"', "é", "中", " ", "1"]), max_size=60).map("".join)
)
@settings(max_examples=150, deadline=None)
def test_any_text_is_understood(text: Any) -> None:
    understood = understand(text, NOW)
    assert len(set(understood.terms)) == len(understood.terms)
    assert all(name in text for name in (*understood.names, *understood.identifiers))
