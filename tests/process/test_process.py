"""The whole room over one memory: what each part finds, together."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.models import Kind, Memory, Role, Scope, Tier
from recollect.process.classify import classify
from recollect.process.extract import mentions
from recollect.process.process import process
from recollect.process.statements import statements

from .conftest import START, Make


def test_one_pass_finds_what_the_parts_find_alone(make: Make) -> None:
    memory = make("I prefer tabs in `main.py`. My sister Zoraida lives in Perth.", speaker="Tomás")
    found = process(memory)
    assert found.mentions == mentions(memory.text)
    assert found.statements == statements(memory)
    assert found.judgement == classify(memory, mentions=found.mentions)
    assert found.judgement.tier is Tier.GLOBAL
    assert ("Zoraida", "lives_in", "Perth") in found.relations
    assert "zoraida" in found.keywords


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400), st.sampled_from([None, *Role]), st.sampled_from(Kind))
def test_any_memory_is_processed_the_same_each_time(text: str, role: Role | None, kind: Kind) -> None:
    memory = Memory("x", kind, text, Scope(), START, START, "", role=role, speaker="Bo")
    assert process(memory) == process(memory)


def test_a_huge_text_takes_no_longer_than_its_first_pages(make: Make) -> None:
    found = process(make("Mei moved to Perth and said always use tabs. " * 5000, speaker="Mei"))
    assert found.mentions
