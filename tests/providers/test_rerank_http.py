"""Rerankers over HTTP: the contract, the forms servers answer in, failures, and the rest after one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from recollect.errors import ProviderFailed, ProviderRefused
from recollect.meters import Deed, Meters
from recollect.providers.again import Rest
from recollect.providers.rerank import HttpRerank
from recollect.providers.rerank_watch import WatchedRerank
from recollect.testing.model_server import Cut, Failure, Hang, ModelServer, Raw, Request, Scores, model_server, too_many
from recollect.testing.rerank import RerankContract
from recollect.testing.reranker import FakeReranker, overlap


def meant(request: Request) -> Scores:
    return Scores(overlap(request.body["query"], request.body["documents"]))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        running.usually(meant)
        yield running


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
async def reranker(server: ModelServer, waits: list[float]) -> AsyncIterator[HttpRerank]:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    made = HttpRerank(server.openai, "sk-secret", "Qwen/Qwen3-Reranker-8B", timeout=20, sleep=sleep)
    yield made
    await made.aclose()


class TestHttp(RerankContract):
    @pytest.fixture
    def reranker(self, reranker: HttpRerank) -> HttpRerank:
        return reranker


class TestWatched(RerankContract):
    @pytest.fixture
    def reranker(self, reranker: HttpRerank) -> WatchedRerank:
        return WatchedRerank(reranker, Meters(), timeout=60)


class TestFake(RerankContract):
    @pytest.fixture
    def reranker(self) -> FakeReranker:
        return FakeReranker()


async def test_a_server_is_asked_as_siliconflow_and_cohere_document_it(
    reranker: HttpRerank, server: ModelServer
) -> None:
    await reranker.rerank("where", ["here", ""])
    (asked,) = server.requests
    assert asked.path == "/v1/rerank"
    assert asked.headers["authorization"] == "Bearer sk-secret"
    assert asked.body == {
        "model": "Qwen/Qwen3-Reranker-8B",
        "query": "where",
        "documents": ["here", " "],
        "top_n": 2,
        "return_documents": False,
    }


async def test_an_instruction_is_sent_where_there_is_one_and_no_key_where_there_is_none(server: ModelServer) -> None:
    made = HttpRerank(f"{server.url}/compatible-api/v1/reranks/", "", "qwen3-rerank", instruction="look for code")
    await made.rerank("where", ["here"])
    (asked,) = server.requests
    assert asked.path == "/compatible-api/v1/reranks"
    assert asked.body["instruction"] == "look for code"
    assert "authorization" not in asked.headers
    await made.aclose()


@pytest.mark.parametrize(
    ("answer", "scores"),
    [
        ({"results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.2}]}, [0.2, 0.9]),
        ({"data": [{"index": 0, "relevance_score": 1}, {"index": 1, "relevance_score": 0}]}, [1.0, 0.0]),
        ({"results": [{"index": 0, "relevance_score": 0.0}, {"index": 1, "relevance_score": -2e9}]}, [0.5, 0.0]),
    ],
)
async def test_scores_come_in_the_order_of_the_texts_and_between_0_and_1(
    reranker: HttpRerank, server: ModelServer, answer: Any, scores: list[float]
) -> None:
    server.script(Raw([json.dumps(answer).encode()]))
    assert await reranker.rerank("q", ["a", "b"]) == scores


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b'{"results": null}',
        b'{"results": [3, 4]}',
        b'{"results": [{"index": 0, "relevance_score": 1}]}',
        b'{"results": [{"index": 0, "relevance_score": 1}, {"index": 0, "relevance_score": 1}]}',
        b'{"results": [{"index": 0, "relevance_score": 1}, {"index": 2, "relevance_score": 1}]}',
        b'{"results": [{"index": 0, "relevance_score": NaN}, {"index": 1, "relevance_score": 1}]}',
        b'{"results": [{"index": 0, "relevance_score": null}, {"index": 1, "relevance_score": 1}]}',
    ],
)
async def test_an_answer_that_is_none_is_a_typed_error(reranker: HttpRerank, server: ModelServer, body: bytes) -> None:
    server.script(Raw([body]))
    with pytest.raises(ProviderFailed, match="answered"):
        await reranker.rerank("q", ["a", "b"])


async def test_a_passing_failure_is_asked_again_and_a_refusal_is_not(
    reranker: HttpRerank, server: ModelServer, waits: list[float]
) -> None:
    server.script(too_many("3"))
    assert len(await reranker.rerank("q", ["a"])) == 1
    server.script(Cut())
    assert len(await reranker.rerank("q", ["a"])) == 1
    assert waits[0] == 3
    server.script(Failure(401, "bad key"))
    with pytest.raises(ProviderRefused, match="bad key") as caught:
        await reranker.rerank("q", ["a"])
    assert "sk-secret" not in str(caught.value)
    assert len(server.requests) == 5


async def test_a_search_does_not_wait_for_a_silent_reranker_and_leaves_it_alone_for_a_while(
    server: ModelServer, reranker: HttpRerank
) -> None:
    now, deeds = [0.0], list[Deed]()
    meters = Meters()
    meters.add(deeds.append)
    watched = WatchedRerank(reranker, meters, timeout=0.2, rest=Rest(15, lambda: now[0]))
    server.usually(Hang())
    with pytest.raises(ProviderFailed, match=r"within 0\.2 s"):
        await watched.rerank("q", ["a"])
    with pytest.raises(ProviderFailed, match="asked again in 15 s"):
        await watched.rerank("q", ["a"])
    assert len(server.requests) == 1
    now[0] = 16
    patient = WatchedRerank(reranker, meters, timeout=60, rest=watched._rest)
    server.usually(meant)
    assert await patient.rerank("cat", ["a cat"]) == [1.0]
    assert watched._rest.left == 0
    assert [(deed.verb, deed.way, deed.count, deed.failed) for deed in deeds] == [
        ("rerank", "Qwen/Qwen3-Reranker-8B", 1, True),
        ("rerank", "Qwen/Qwen3-Reranker-8B", 1, False),
    ]
