"""A reranker's opinion is added to ours: an echo changes nothing, a good one helps, a dead one is left out."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect import AsyncMemory
from recollect.errors import ProviderFailed
from recollect.models import Hit
from recollect.retrieve.rerank import READ, Reranking, opinion
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.reranker import FakeReranker

QUESTION = "Which database do we use for the orders?"
SUBJECTS = ("orders", "invoices", "parcels", "returns", "refunds", "stock", "prices", "customers")


@pytest.fixture
async def memory(home: Path) -> AsyncIterator[AsyncMemory]:
    settings = {"worker": {"poll": 0.02}}
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=FakeClock(), settings=settings) as opened:
        turns = [
            {
                "role": "user" if number % 2 == 0 else "assistant",
                "content": f"For the {SUBJECTS[number % 8]} of shop {number} we use the database number {number // 8}.",
                "speaker": "Bo" if number % 2 == 0 else None,
            }
            for number in range(48)
        ]
        await opened.capture(turns, conversation_id="c1")
        await opened.drain()
        yield opened


def with_reranker(memory: AsyncMemory, reranker: FakeReranker, **more: float) -> FakeReranker:
    memory.app.engine.finder.reranking = Reranking(reranker, **more)  # type: ignore[arg-type]
    return reranker


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.memory.id for hit in hits]


async def test_an_echo_changes_neither_order_nor_scores(memory: AsyncMemory) -> None:
    for limit in (1, 5, 20, 40):
        own = await memory.search(QUESTION, limit=limit)
        ours = [hit.score for hit in await memory.search(QUESTION, limit=20)]
        for echo in (
            lambda _, texts: [0.5] * len(texts),
            lambda _, texts: [1 - place / len(texts) for place in range(len(texts))],
            lambda _, texts, ours=ours: [ours[place] for place in range(len(texts))],
        ):
            with_reranker(memory, FakeReranker(echo))
            assert await memory.search(QUESTION, limit=limit) == own
        memory.app.engine.finder.reranking = None


async def test_an_opinion_brings_up_what_it_prefers_among_the_first_and_nothing_else(memory: AsyncMemory) -> None:
    own = await memory.search(QUESTION, limit=40)
    wanted = own[12].memory.text
    reranker = with_reranker(
        memory, FakeReranker(lambda _, texts: [float(wanted in text) for text in texts]), weight=100
    )
    hits = await memory.search(QUESTION, limit=40)
    assert ids(hits) == [own[12].memory.id, *ids(own[:12]), *ids(own[13:])]
    assert [hit.score for hit in hits] == [hit.score for hit in own]
    assert [len(texts) for _, texts in reranker.asked] == [20]


async def test_what_stands_below_the_limit_may_rise_above_it(memory: AsyncMemory) -> None:
    own = await memory.search(QUESTION, limit=20)
    wanted = own[15].memory.text
    with_reranker(memory, FakeReranker(lambda _, texts: [float(wanted in text) for text in texts]), weight=100)
    assert ids(await memory.search(QUESTION, limit=1)) == [own[15].memory.id]


async def test_a_reranker_reads_who_spoke_and_no_more_of_a_long_text_than_matched(memory: AsyncMemory) -> None:
    await memory.add("A word about nothing. " * 600 + "The zebra database is pink. " + "More of nothing. " * 600)
    await memory.drain()
    reranker = with_reranker(memory, FakeReranker())
    await memory.search("zebra database")
    (_, texts), *_ = reranker.asked
    assert any(text.startswith("Bo: For the ") for text in texts)
    assert max(map(len, texts)) <= READ
    assert any("zebra" in text for text in texts)


async def test_a_dead_reranker_changes_nothing_and_explain_says_so(memory: AsyncMemory) -> None:
    own = await memory.search(QUESTION, explain=True)
    reranker = with_reranker(memory, FakeReranker())
    reranker.failure = ProviderFailed("no answer")
    hits = await memory.search(QUESTION, explain=True)
    assert ids(hits) == ids(own)
    assert {hit.parts["rerank_failed"] for hit in hits} == {1.0}
    reranker.failure = None
    hits = await memory.search(QUESTION, explain=True)
    assert all("rerank" in hit.parts and "rerank_failed" not in hit.parts for hit in hits)
    assert not any(hit.parts for hit in await memory.search(QUESTION))


async def test_an_empty_question_and_a_single_hit_ask_no_reranker(memory: AsyncMemory) -> None:
    reranker = with_reranker(memory, FakeReranker())
    await memory.search("")
    await memory.search("  \n")
    await memory.add("alone", user_id="hermit")
    await memory.search("alone", user_id="hermit")
    await memory.search("nobody", user_id="nobody")
    assert reranker.asked == []


async def test_hits_below_the_threshold_stay_out_and_none_is_pushed_below_it(memory: AsyncMemory) -> None:
    finder = memory.app.engine.finder
    own = await memory.search(QUESTION, limit=20)
    finder.options = type(finder.options)(threshold=own[4].score)
    kept = await memory.search(QUESTION, limit=20)
    dice = random.Random(5)
    with_reranker(memory, FakeReranker(lambda _, texts: [dice.random() for _ in texts]), weight=50)
    hits = await memory.search(QUESTION, limit=20)
    assert set(ids(hits)) == set(ids(kept))


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=30),
    st.floats(0, 100),
)
def test_an_opinion_keeps_the_order_of_its_scores_and_adds_nothing_on_the_whole(
    scores: list[float], weight: float
) -> None:
    added = opinion(scores, weight)
    assert abs(sum(added)) < 1e-6 * (1 + weight) * len(scores)
    for (one, more), (other, less) in zip(
        zip(scores, added, strict=True), zip(scores[1:], added[1:], strict=True), strict=False
    ):
        assert (more >= less) if one >= other else (more <= less)


async def test_settings_name_the_reranker_and_how_much_a_context_keeps(home: Path) -> None:
    settings = {"rerank": {"model": "m", "base_url": "http://127.0.0.1:9/v1", "first": 30, "keep": 3}}
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=settings) as opened:
        reranking = opened.app.engine.finder.reranking
        assert reranking is not None
        assert (reranking.model.model, reranking.first) == ("m", 30)
        assert opened.app.engine.rules.top_k == 3
