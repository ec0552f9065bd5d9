"""The scripted model server does what its script says, in each form, over a real connection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from recollect.testing.model_server import (
    Answer,
    Cut,
    Deed,
    Failure,
    Hang,
    ModelServer,
    Raw,
    Scores,
    Slow,
    Vectors,
    model_server,
    refusing,
    too_many,
)

ASKED = [{"role": "user", "content": "你好 there"}]
ROUTES: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": ("/v1/chat/completions", {"model": "m", "messages": ASKED}),
    "anthropic": ("/v1/messages", {"model": "m", "system": "be brief", "messages": ASKED}),
    "gemini": ("/v1beta/models/m:generateContent", {"contents": [{"role": "user", "parts": [{"text": "你好 there"}]}]}),
}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        yield running


@pytest.fixture
def client(server: ModelServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=20) as made:
        yield made


def ask(client: httpx.Client, form: str, *, stream: bool = False) -> httpx.Response:
    path, body = ROUTES[form]
    if stream and form == "gemini":
        path = path.replace("generateContent", "streamGenerateContent") + "?alt=sse"
    return client.post(path, json={**body, "stream": True} if stream and form != "gemini" else body)


def events(text: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def said(form: str, answer: Any) -> str:
    found = {
        "openai": lambda: answer["choices"][0]["message"]["content"],
        "anthropic": lambda: answer["content"][-1]["text"],
        "gemini": lambda: answer["candidates"][0]["content"]["parts"][-1]["text"],
    }
    return str(found[form]())


@pytest.mark.parametrize("form", ROUTES)
def test_a_request_is_answered_by_the_script_and_remembered(
    server: ModelServer, client: httpx.Client, form: str
) -> None:
    server.script("first", Answer("second", reasoning="hm"), lambda request: f"to {request.text.splitlines()[-1]}")
    assert [said(form, ask(client, form).json()) for _ in range(4)] == [
        "first",
        "second",
        "to 你好 there",
        "Hello there.",
    ]
    assert [(one.form, one.model, one.streams) for one in server.requests] == [(form, "m", False)] * 4
    assert server.requests[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("form", ROUTES)
def test_a_stream_comes_in_its_pieces(server: ModelServer, client: httpx.Client, form: str) -> None:
    server.script(Answer(pieces=["你", "好 ", "there"], reasoning="hm"))
    text = ask(client, form, stream=True).text
    told = json.dumps(events(text), ensure_ascii=False)
    assert [piece in told for piece in ('"你"', '"好 "', '"there"', '"hm"')] == [True] * 4
    assert server.requests[0].streams


@pytest.mark.parametrize("form", ROUTES)
def test_errors_have_the_shape_of_their_form(server: ModelServer, client: httpx.Client, form: str) -> None:
    server.script(too_many("7"), Failure(500), Failure(401, body=b"go away"))
    first, second, third = (ask(client, form) for _ in range(3))
    assert (first.status_code, first.headers["retry-after"], first.json()["error"]["message"]) == (
        429,
        "7",
        "rate limit reached",
    )
    assert (second.status_code, third.status_code, third.text) == (500, 401, "go away")


def test_a_model_has_a_script_of_its_own(server: ModelServer, client: httpx.Client) -> None:
    server.usually("other", model="m")
    server.script("any")
    server.script("own", model="m")
    assert [said("openai", ask(client, "openai").json()) for _ in range(3)] == ["own", "any", "other"]
    assert len(server.of("m")) == 3
    assert server.of("x") == []


@pytest.mark.parametrize(
    "deed",
    [Cut(), Cut(["begin"]), Raw([b'{"cho'], breaks=True), Hang(), Hang(["begin"]), Raw([b"data"], hangs=True)],
    ids=str,
)
def test_what_breaks_off_or_hangs_is_noticed_by_the_client(
    server: ModelServer, client: httpx.Client, deed: Deed
) -> None:
    server.script(deed)
    client.timeout = httpx.Timeout(0.3)
    with pytest.raises(httpx.TransportError):
        ask(client, "openai", stream=True)
    client.timeout = httpx.Timeout(20)
    assert ask(client, "openai").status_code == 200


def test_a_slow_answer_is_the_same_answer(server: ModelServer, client: httpx.Client) -> None:
    server.script(Slow("late", 0.05))
    assert said("openai", ask(client, "openai").json()) == "late"


def test_azure_names_its_model_in_the_path(server: ModelServer, client: httpx.Client) -> None:
    client.post("/openai/deployments/o4-mini/chat/completions?api-version=1", json={"messages": ASKED})
    assert server.of("o4-mini")


def test_texts_are_embedded_and_reranked(server: ModelServer, client: httpx.Client) -> None:
    body = {"model": "e", "input": ["a", "b", "a"]}
    first, second, third = (row["embedding"] for row in client.post("/v1/embeddings", json=body).json()["data"])
    assert first == third != second
    server.script(Vectors([[1.0, 0.0]]))
    assert client.post("/v1/embeddings", json={"input": "a"}).json()["data"][0]["embedding"] == [1.0, 0.0]
    ranking = {"model": "r", "query": "red door", "documents": ["a cat", "the red door"], "top_n": 1}
    assert client.post("/v1/rerank", json=ranking).json()["results"] == [{"index": 1, "relevance_score": 1.0}]
    server.script(Scores([0.9, 0.1]))
    assert client.post("/v1/rerank", json=ranking).json()["results"] == [{"index": 0, "relevance_score": 0.9}]


def test_other_routes_and_no_json_are_refused(server: ModelServer, client: httpx.Client) -> None:
    assert client.post("/v1/elsewhere", json={}).status_code == 404
    assert client.post("/v1/messages", content=b"{").status_code == 400
    with pytest.raises(httpx.ConnectError):
        httpx.get(refusing(), timeout=5)
