"""The OpenAI-compatible embedder against a real server on the loopback that misbehaves on request."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from recollect.errors import ConfigError, InvalidInput, ProviderFailed, ProviderRefused
from recollect.providers.again import backoff, retry_after
from recollect.providers.openai_embed import OpenAIEmbed

SECRET = "sk-test-secret"
Reply = tuple[int, dict[str, str], bytes]


def vectors(body: dict[str, Any], size: int = 4) -> dict[str, Any]:
    """Answer like a server: backwards, and not normalised."""
    rows = [
        {"index": i, "embedding": [float(len(text) + 1), 2.0, 3.0, 4.0][:size]} for i, text in enumerate(body["input"])
    ]
    return {"data": rows[::-1], "usage": {"prompt_tokens": 3 * len(rows)}}


@dataclass
class Server:
    """What was asked, and the replies to give before the usual one."""

    url: str = ""
    asked: list[tuple[str, dict[str, Any], str | None]] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    usual: Callable[[dict[str, Any]], Any] = vectors


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.asked.append((self.path, body, self.headers["authorization"]))
            code, headers, content = (
                state.replies.pop(0) if state.replies else (200, {}, json.dumps(state.usual(body)).encode())
            )
            self.send_response(code)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server gives it
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    state.url = f"http://127.0.0.1:{listening.server_address[1]}/v1"
    yield state
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
async def embedder(server: Server, waits: list[float]) -> AsyncIterator[OpenAIEmbed]:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    made = OpenAIEmbed(server.url, SECRET, "some-model", batch=2, retries=2, timeout=5, sleep=sleep)
    yield made
    await made.aclose()


async def test_vectors_come_in_order_normalised_and_in_batches(embedder: OpenAIEmbed, server: Server) -> None:
    found = await embedder.embed(["a", "bbb", "ccccc"])
    rows = np.stack([np.frombuffer(embedding.vector, "<f4") for embedding in found])
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-6)
    assert (rows[:, 0] / rows[:, 1]).tolist() == pytest.approx([1, 2, 3], abs=1e-6)
    assert [body["input"] for _, body, _ in server.asked] == [["a", "bbb"], ["ccccc"]]
    assert server.asked[0][0] == "/v1/embeddings"
    assert server.asked[0][2] == f"Bearer {SECRET}"
    assert (embedder.model, embedder.dimension, embedder.window) == ("some-model", 4, 8192)
    assert sum(embedding.tokens for embedding in found) == 9
    assert {embedding.known for embedding in found} == {1.0}


async def test_no_texts_ask_nothing(embedder: OpenAIEmbed, server: Server) -> None:
    assert await embedder.embed([]) == []
    assert server.asked == []


async def test_too_many_requests_waits_as_long_as_the_server_says(
    embedder: OpenAIEmbed, server: Server, waits: list[float]
) -> None:
    server.replies = [(429, {"retry-after": "7"}, b"slow down")]
    assert len(await embedder.embed(["a"])) == 1
    assert waits == [7.0]


async def test_a_failing_server_is_asked_again_and_then_given_up(
    embedder: OpenAIEmbed, server: Server, waits: list[float]
) -> None:
    server.replies = [(500, {}, b"oops")] * 3
    with pytest.raises(ProviderFailed, match=r"500.*oops") as caught:
        await embedder.embed(["a"])
    assert caught.value.retryable
    assert len(server.asked) == 3
    assert 0.5 <= waits[0] <= 0.75
    assert 1.0 <= waits[1] <= 1.5


@pytest.mark.parametrize("code", [400, 401, 403, 404, 422])
async def test_a_refusal_is_not_repeated_and_never_shows_the_key(
    embedder: OpenAIEmbed, server: Server, code: int
) -> None:
    server.replies = [(code, {}, b'{"error": "no"}')]
    with pytest.raises(ProviderRefused, match=str(code)) as caught:
        await embedder.embed(["a"])
    assert len(server.asked) == 1
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"<html>", b"[]", b"{}", b'{"data": null}', b'{"data": [{}]}', b'{"data": [3]}', b"\xff", b'{"data": []}'],
)
async def test_an_answer_that_is_none_is_a_typed_error(embedder: OpenAIEmbed, server: Server, content: bytes) -> None:
    server.replies = [(200, {}, content)]
    with pytest.raises(ProviderFailed, match="answered"):
        await embedder.embed(["a"])


@pytest.mark.parametrize(
    "vector", ["[NaN, 1]", "[Infinity]", "[]", "[0, 0, 0]", "[[1, 2]]", '"AAAA"', '["x"]', "null", "[[1], [1, 2]]"]
)
async def test_a_vector_that_is_none_is_a_typed_error(embedder: OpenAIEmbed, server: Server, vector: str) -> None:
    server.replies = [(200, {}, f'{{"data": [{{"index": 0, "embedding": {vector}}}]}}'.encode())]
    with pytest.raises(ProviderFailed, match="answered"):
        await embedder.embed(["a"])


@pytest.mark.parametrize("indexes", [[0], [0, 0], [1, 2], [0, 1, 2]])
async def test_another_count_of_vectors_than_texts_is_refused(
    embedder: OpenAIEmbed, server: Server, indexes: list[int]
) -> None:
    server.usual = lambda _: {"data": [{"index": index, "embedding": [1.0]} for index in indexes]}
    with pytest.raises(ProviderFailed, match="for 2 texts"):
        await embedder.embed(["a", "b"])


async def test_vectors_of_another_dimension_are_refused(server: Server) -> None:
    set_wrong = OpenAIEmbed(server.url, "", "some-model", dimension=8)
    with pytest.raises(ProviderRefused, match="4 numbers where 8"):
        await set_wrong.embed(["a"])
    assert server.asked[0][2] is None
    await set_wrong.aclose()


async def test_a_shorter_vector_can_be_asked_for_and_is_a_space_of_its_own(server: Server) -> None:
    server.usual = lambda body: vectors(body, body["dimensions"])
    short = OpenAIEmbed(server.url, "k", "some-model", dimension=2, ask_dimension=True)
    (found,) = await short.embed(["a"])
    assert len(found.vector) == 8
    assert short.model == "some-model@2"
    await short.aclose()


async def test_odd_texts_reach_the_server_in_a_form_it_takes(server: Server) -> None:
    small = OpenAIEmbed(server.url, "k", "some-model", window=10)
    await small.embed(["", "\n", "\ud800x", "e" * 100, "中" * 100, "中" * 10])
    assert server.asked[0][1]["input"] == [" ", " ", "?x", "e" * 30, "中" * 10, "中" * 10]
    await small.aclose()


async def test_a_server_that_is_not_there_is_a_typed_error(waits: list[float]) -> None:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    nobody = OpenAIEmbed("http://127.0.0.1:9", "k", "some-model", retries=1, sleep=sleep)
    with pytest.raises(ProviderFailed, match="could not be reached"):
        await nobody.embed(["a"])
    assert len(waits) == 1
    await nobody.aclose()


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ConfigError):
        OpenAIEmbed("http://x", "k", "m", ask_dimension=True)
    with pytest.raises(InvalidInput):
        OpenAIEmbed("http://x", "k", "m", batch=0)
    with pytest.raises(ConfigError):
        OpenAIEmbed("http://x:port", "k", "m")


def test_retry_after_reads_seconds_and_dates_and_never_waits_over_a_minute() -> None:
    now = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
    assert retry_after("3", now) == 3.0
    assert retry_after("Fri, 01 May 2026 12:00:20 GMT", now) == 20.0
    assert retry_after("Fri, 01 May 2026 11:00:00 GMT", now) == 0.0
    assert retry_after("86400", now) == 60.0
    assert retry_after("", now) is None
    assert retry_after("soon", now) is None
    assert 60 >= backoff(30) > backoff(0)
