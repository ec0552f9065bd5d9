"""A question goes all the way through remote models: embedded, the first 20 reranked, 5 kept, each call noted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.model_server import Failure, ModelServer, Request, Scores, Vectors, model_server
from recollect.testing.reranker import overlap

EMBEDDER, RERANKER = "Qwen/Qwen3-Embedding-8B", "Qwen/Qwen3-Reranker-8B"
FAKE = FakeEmbedder(dimension=64)
TALK = {
    "Which database did we choose for the orders?": [
        *(f"In week {number} we talked about the database of team {number} over lunch." for number in range(30)),
        "For the orders we chose Postgres as the database, after long talks.",
    ],
    "订单系统用的是哪个数据库？": [
        *(f"第{number}周我们在午饭时谈到了{number}组的数据库。" for number in range(30)),
        "订单系统最后选了 Postgres 数据库，讨论了很久。",
    ],
}


def embedded(request: Request) -> Vectors:
    return Vectors([memoryview(FAKE.one(text).vector).cast("f").tolist() for text in request.body["input"]])


def reranked(request: Request) -> Scores:
    return Scores(overlap(request.body["query"], request.body["documents"]))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        running.usually(embedded, model=EMBEDDER)
        running.usually(reranked, model=RERANKER)
        yield running


@pytest.fixture
async def memory(home: Path, server: ModelServer) -> AsyncIterator[AsyncMemory]:
    settings: dict[str, Any] = {
        "worker": {"poll": 0.02},
        "embedder": {
            "provider": "openai",
            "model": EMBEDDER,
            "base_url": server.openai,
            "api_key": "sk-1",
            "timeout": 60,
            "patience": 60,
        },
        "rerank": {"model": RERANKER, "base_url": server.openai, "api_key": "sk-1", "timeout": 60},
        "models": {"prices": {"Qwen/*": [1.0, 0.0]}},
    }
    async with AsyncMemory(home, settings=settings) as opened:
        for language, texts in enumerate(TALK.values()):
            turns = [{"role": "user", "content": text} for text in texts]
            await opened.capture(turns, conversation_id=f"c{language}")
        await opened.drain()
        server.requests.clear()
        yield opened


@pytest.mark.parametrize("question", TALK)
async def test_a_question_is_embedded_its_first_20_hits_reranked_and_5_kept(
    memory: AsyncMemory, server: ModelServer, question: str
) -> None:
    context = await memory.context(question)
    asked, scored = server.requests
    assert (asked.path, scored.path) == ("/v1/embeddings", "/v1/rerank")
    (text,) = asked.body["input"]
    assert text.startswith("Instruct: ")
    assert text.endswith(f"Query:{question}")
    assert scored.body["query"] == question
    assert len(scored.body["documents"]) == 20
    assert TALK[question][-1] in scored.body["documents"]
    assert 1 <= len(context.memories) <= 5
    assert "Postgres" in context.text
    assert (await memory.search(question, limit=20))[0].memory.text == TALK[question][-1]
    assert [one.path for one in server.requests] == ["/v1/embeddings", "/v1/rerank", "/v1/rerank"]


async def test_what_the_calls_took_is_noted_with_its_price(memory: AsyncMemory, server: ModelServer) -> None:
    await memory.search(next(iter(TALK)))
    await memory.app.models.settled()
    rows = await memory.app.engine.stores.records.usage()
    assert {row.purpose for row in rows} == {"embedding", "reranking"}
    assert {row.provider for row in rows} == {EMBEDDER, RERANKER}
    assert {row.outcome for row in rows} == {"answered"}
    for row in rows:
        assert row.tokens_in > 0
        assert row.cost == pytest.approx(row.tokens_in / 1_000_000)
    (reranking,) = [row for row in rows if row.purpose == "reranking"]
    assert reranking.tokens_in == sum(len(text.split()) for text in server.requests[-1].body["documents"])


async def test_with_both_gone_the_search_goes_on_by_words_and_says_so(memory: AsyncMemory, server: ModelServer) -> None:
    server.usually(Failure(401), model=EMBEDDER)
    server.usually(Failure(401), model=RERANKER)
    for question, texts in TALK.items():
        hits = await memory.search(question, limit=5, explain=True)
        assert hits[0].memory.text == texts[-1]
        assert all(hit.parts["rerank_failed"] for hit in hits)
    assert [one.path for one in server.requests] == ["/v1/embeddings", "/v1/rerank"]  # both rest after the first
    await memory.app.models.settled()
    failed = [row for row in await memory.app.engine.stores.records.usage() if row.outcome == "failed"]
    assert {row.purpose for row in failed} == {"embedding", "reranking"}
