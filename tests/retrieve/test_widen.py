"""What a model reads in a question is searched for too, and never costs what the question itself finds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recollect import AsyncMemory
from recollect.capture.ids import new_id
from recollect.exchange import Batch, Entry, Rephrased
from recollect.models import Kind, Span
from recollect.process.index import index
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder


class Reader:
    """The Rephrase port with one answer; `asked` holds what it was asked."""

    def __init__(self, answer: Rephrased | None) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str]] = []

    async def rephrase(self, question: str, *, asked_at: datetime, project_id: str = "default") -> Rephrased | None:
        assert asked_at.tzinfo is not None
        self.asked.append((question, project_id))
        return self.answer


@pytest.fixture
async def memory(home: Path) -> AsyncIterator[AsyncMemory]:
    settings = {"worker": {"poll": 0.02}}
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=FakeClock(), settings=settings) as opened:
        for number in range(30):
            await opened.add(f"Parcel {number} went to the depot in street {number}", user_id="u")
        await opened.add("Our feline companion Nougat sleeps on the radiator", user_id="u")
        await opened.capture(
            [
                {"role": "user", "content": "The tour begins at nine.", "speaker": "Ann", "message_id": "a"},
                {"role": "user", "content": "The tour begins at ten.", "speaker": "Ben", "message_id": "b"},
            ],
            conversation_id="c",
            user_id="u",
        )
        await opened.drain()
        yield opened


def read_by(memory: AsyncMemory, answer: Rephrased | None) -> Reader:
    memory.app.engine.finder.rephrase = reader = Reader(answer)
    return reader


async def test_other_words_find_what_the_question_does_not(memory: AsyncMemory) -> None:
    question = "where does the cat nap"
    assert "Nougat" not in (await memory.search(question, user_id="u"))[0].memory.text
    reader = read_by(memory, Rephrased(texts=("feline companion sleeps", "", "  ", question)))
    assert "Nougat" in (await memory.search(question, user_id="u"))[0].memory.text
    assert reader.asked[-1] == (question, "default")


async def test_what_says_too_little_is_found_by_other_words_too(memory: AsyncMemory) -> None:
    question = "which parcel went to street 7"
    await memory.add("thanks", user_id="u")
    assert "thanks" not in [hit.memory.text for hit in await memory.search(question, user_id="u", limit=50)]
    read_by(memory, Rephrased(texts=("thanks",)))
    assert "thanks" in [hit.memory.text for hit in await memory.search(question, user_id="u", limit=50)]


async def test_a_model_that_adds_nothing_changes_nothing(memory: AsyncMemory) -> None:
    own = await memory.search("which parcel went to street 7", user_id="u", explain=True)
    for answer in (None, Rephrased(), Rephrased(texts=("", " "))):
        read_by(memory, answer)
        assert await memory.search("which parcel went to street 7", user_id="u", explain=True) == own


async def test_an_echo_keeps_what_the_question_found_first(memory: AsyncMemory) -> None:
    question = "which parcel went to street 7"
    own = await memory.search(question, user_id="u", limit=1)
    read_by(memory, Rephrased(texts=(question, "weather on the moon", "nothing at all") * 20))
    assert (await memory.search(question, user_id="u", limit=1))[0].memory.id == own[0].memory.id


async def test_names_and_times_it_reads_count_like_our_own(memory: AsyncMemory) -> None:
    question = "when does the tour begin"
    for name, message in (("Ben", "b"), ("ann", "a")):
        read_by(memory, Rephrased(names=(name,)))
        hits = await memory.search(question, user_id="u", explain=True)
        assert {hit.memory.source.message_id for hit in hits if hit.parts["named"]} == {message}
    read_by(memory, Rephrased(spans=(Span(datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)),)))
    assert all("time" in hit.parts for hit in await memory.search(question, user_id="u", explain=True))


async def test_an_empty_question_is_not_read(memory: AsyncMemory) -> None:
    reader = read_by(memory, Rephrased(texts=("parcel",)))
    await memory.search(" ", user_id="u")
    assert reader.asked == []


async def test_what_a_model_says_is_wanted_counts_like_what_the_rules_see(memory: AsyncMemory) -> None:
    engine, question = memory.app.engine, "parcels and depots, please"
    now = engine.now()
    (note,) = [hit.memory for hit in await memory.search("Nougat", user_id="u", limit=1)]
    told = "Thirty parcels went to depots in as many streets."
    summary = replace(note, id=new_id(now), kind=Kind.SUMMARY, text=told, content_hash="thirty")
    await engine.stores.records.commit(Batch([Entry(summary, index(summary), "thirty")]))
    assert summary.id not in {hit.memory.id for hit in await memory.search(question, user_id="u", limit=50)}
    read_by(memory, Rephrased(intent="overview"))
    hits = await memory.search(question, user_id="u", limit=50, explain=True)
    (found,) = [hit for hit in hits if hit.memory.id == summary.id]
    assert found.parts["intent_overview"] == 0.0
    read_by(memory, Rephrased(intent="lookup"))
    hits = await memory.search(question, user_id="u", limit=50, explain=True)
    assert summary.id not in {hit.memory.id for hit in hits}
    assert all(hit.parts["intent_lookup"] == 0.0 for hit in hits)
