"""The index: chunks with terms of text, speaker, title and day."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.process.chunk import chunks
from recollect.process.index import index
from recollect.text.words import terms

from .conftest import Make


def test_speaker_title_and_day_stand_among_the_terms(make: Make) -> None:
    (chunk,) = index(make("We use tabs", speaker="Tomás", title="Kickoff meeting"))
    found = chunk.terms.split()
    for word in terms("Tomás kickoff March 2026 2026-03-02 tabs"):
        assert word in found


def test_the_day_of_a_chinese_text_is_found_in_chinese(make: Make) -> None:
    (chunk,) = index(make("提交信息用英文写", speaker="小禾"))
    assert set(terms("2026年3月2日")) <= set(chunk.terms.split())


def test_each_chunk_carries_them_once(make: Make) -> None:
    found = index(make("Plain words stand here. " * 200, speaker="Zoraida"))
    assert len(found) > 2
    assert [chunk.terms.split().count("zoraida") for chunk in found] == [1] * len(found)
    assert [chunk.position for chunk in found] == list(range(len(found)))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_terms_never_hold_a_space_of_their_own(text: str) -> None:
    for start, end in chunks(text):
        assert all(term and not term.isspace() for term in terms(text[start:end]))
