"""Relations: verbs between names where they are known, else named together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.models import EntityType, Mention
from recollect.process.extract import mentions
from recollect.process.link import MOST, relations


def related(text: str, speaker: str | None = None) -> list[tuple[str, str, str]]:
    return relations(mentions(text), text, speaker)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My friend Anna works at Siemens.", ("Anna", "works_at", "Siemens")),
        ("My sister Zoraida lives in Perth.", ("Zoraida", "lives_in", "Perth")),
        ("In April Tomás moved to Lisbon.", ("Tomás", "moved_to", "Lisbon")),
        ("The server Lantern uses PostgreSQL.", ("Lantern", "uses", "PostgreSQL")),
        ("I know Anna prefers Helix.", ("Anna", "prefers", "Helix")),
        ("小禾喜欢《三体》。", ("小禾", "prefers", "三体")),
        ("Tomás 搬到 Lisbon 了。", ("Tomás", "moved_to", "Lisbon")),
    ],
)
def test_a_known_verb_types_the_relation(text: str, expected: tuple[str, str, str]) -> None:
    assert expected in related(text)


def test_the_speaker_is_who_says_i() -> None:
    assert ("Mei", "moved_to", "Lisbon") in related("Last year I moved to Lisbon.", "Mei")
    assert ("Mei", "lives_in", "上海") in related("我住在上海。", "Mei")


def test_names_of_one_sentence_are_together_and_those_of_two_are_not() -> None:
    assert related("I saw Anna and Zoraida.") == [("Anna", "with", "Zoraida")]
    assert related("I saw Anna. Yesterday it was Zoraida.") == []


def test_there_are_never_too_many() -> None:
    text = "We saw " + ", ".join(f"Name{chr(97 + at)}x" for at in range(24))
    assert len(related(text)) <= MOST


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=5), max_size=6))
def test_any_text_is_read(text: str, names: list[str]) -> None:
    found = relations([Mention(name, EntityType.NAME) for name in names], text, "Bo")
    assert len(found) <= MOST
    assert all(one != two for one, _, two in found)
