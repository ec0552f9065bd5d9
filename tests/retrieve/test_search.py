"""Hits meet what was asked for, in an order that does not change, with scores that can be explained."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory
from recollect.models import Hit, Kind
from recollect.retrieve.filters import matches, parse
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder

PREFERENCE = "I prefer tabs to spaces in every file."


@pytest.fixture
async def memory(home: Path) -> AsyncIterator[AsyncMemory]:
    settings = {"worker": {"poll": 0.02}}
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=FakeClock(), settings=settings) as opened:
        for talk, agent in (("c1", "claude"), ("c2", "codex")):
            turns = [
                {"role": "user", "content": PREFERENCE},
                {"role": "assistant", "content": "Noted, tabs it is from now on."},
                {"role": "user", "content": f"We deploy {talk} from the release branch every Friday at noon."},
            ]
            await opened.capture(turns, conversation_id=talk, agent_id=agent)
            await opened.drain()
        await opened.add("Tabs are four columns wide", metadata={"category": "style"})
        await opened.drain()
        yield opened


def shown(hits: list[Hit]) -> list[tuple[str, str | None]]:
    return [(hit.memory.kind, hit.memory.scope.conversation_id) for hit in hits]


async def test_a_fact_is_shown_as_its_turn_and_only_once(memory: AsyncMemory) -> None:
    hits = await memory.search("tabs or spaces")
    assert Kind.FACT not in {hit.memory.kind for hit in hits}
    ids = [hit.memory.id for hit in hits]
    assert len(ids) == len(set(ids))
    facts = await memory.search("tabs or spaces", kinds=["fact"])
    assert {hit.memory.kind for hit in facts} == {Kind.FACT}


@pytest.mark.parametrize("talk", ["c1", "c2"])
async def test_a_fact_is_never_shown_as_a_turn_out_of_reach(memory: AsyncMemory, talk: str) -> None:
    for scope in ({"conversation_id": talk}, {"agent_id": {"c1": "claude", "c2": "codex"}[talk]}):
        hits = await memory.search("tabs or spaces", **scope)  # type: ignore[arg-type]
        assert hits
        assert {hit.memory.scope.conversation_id for hit in hits} == {talk}


@pytest.mark.parametrize(
    "filters",
    [
        {"category": "preference"},
        {"category": {"ne": None}},
        {"category": "style"},
        {"role": "user"},
        {"kind": "fact"},
        {"NOT": {"kind": "turn"}},
        {"text": {"contains": "Friday"}},
        {"conversation_id": "c2"},
    ],
)
async def test_every_hit_meets_the_filter(memory: AsyncMemory, filters: dict[str, Any]) -> None:
    tree = parse(filters)
    assert tree is not None
    for hit in await memory.search("tabs or spaces on Friday", filters=filters):
        assert matches(tree, hit.memory), hit.memory


async def test_a_filter_that_only_facts_meet_finds_facts(memory: AsyncMemory) -> None:
    hits = await memory.search("tabs or spaces", filters={"kind": "fact"})
    assert shown(hits)[:1] == [(Kind.FACT, "c1")]


async def test_the_same_question_has_the_same_answer(memory: AsyncMemory) -> None:
    first = await memory.search("when do we deploy?", explain=True)
    assert await memory.search("when do we deploy?", explain=True) == first
    assert [hit.score for hit in first] == sorted((hit.score for hit in first), reverse=True)
    assert "Friday" in first[0].memory.text


async def test_the_parts_are_named_when_they_are_asked_for(memory: AsyncMemory) -> None:
    (best, *_) = await memory.search("when do we deploy?", explain=True)
    assert {"words", "meaning", "length", "recent"} <= set(best.parts)
    assert best.parts["words"] > 0
    assert all(not hit.parts for hit in await memory.search("when do we deploy?"))


async def test_a_smaller_limit_gives_the_head_of_a_larger_one(memory: AsyncMemory) -> None:
    many = await memory.search("tabs deploy Friday", limit=50)
    few = await memory.search("tabs deploy Friday", limit=2)
    assert [hit.memory.id for hit in few] == [hit.memory.id for hit in many[:2]]


async def test_a_summary_answers_only_who_asks_for_an_overview(memory: AsyncMemory) -> None:
    turns = [
        {"role": "user", "content": f"Step {n}: we moved service {n} to the new cluster in Lisbon."} for n in range(12)
    ]
    await memory.capture(turns, conversation_id="long")
    await memory.drain()
    assert (await memory.stats()).by_kind["summary"] == 1
    plain = await memory.search("which service was moved to Lisbon?", limit=50)
    assert Kind.SUMMARY not in {hit.memory.kind for hit in plain}
    asked = await memory.search("which service was moved?", kinds=["summary"])
    assert {hit.memory.kind for hit in asked} == {Kind.SUMMARY}


async def test_what_says_too_little_is_found_by_its_own_words_only(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=FakeClock()) as memory:
        turns = [{"role": "user", "content": "Where does Anna keep the spare keys?"}, {"role": "user", "content": "ok"}]
        await memory.capture(turns, conversation_id="c1")
        await memory.drain()

        async def said(question: str) -> list[str]:
            return [hit.memory.text for hit in await memory.search(question)]

        assert await said("Anna's spare keys") == [turns[0]["content"]]
        assert "ok" in await said("ok")
        assert "ok" in await said("")  # the latest memories, whatever they say


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which editor does Mei use for the lantern project?", "Mei uses Helix for the lantern project."),
        ("灯笼项目的数据库最后选了哪一个？", "灯笼项目的数据库最后选了 PostgreSQL。"),
    ],
)
async def test_who_asks_again_is_told_the_answer_not_the_question(
    memory: AsyncMemory, question: str, answer: str
) -> None:
    await memory.capture([{"role": "user", "content": question}], conversation_id="asked", user_id="mei")
    await memory.add(answer, user_id="mei")
    await memory.drain()
    first, second = await memory.search(question, user_id="mei")
    assert (first.memory.text, second.memory.text) == (answer, question)
    assert answer in (await memory.context(question, user_id="mei")).text
