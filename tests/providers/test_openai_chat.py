"""The OpenAI-compatible chat model against a real server on the loopback that misbehaves by script."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from recollect.errors import ConfigError, ProviderError, ProviderFailed, ProviderRefused
from recollect.ports import Chat
from recollect.providers.openai_chat import LONGEST_WAIT, MOST, OpenAIChat
from recollect.testing.chat_server import (
    EVENTS,
    JSON,
    ChatServer,
    Reply,
    broken,
    chat_server,
    delta,
    refused,
    silent,
    streamed,
    whole,
)

SECRET = "sk-test-secret"
MESSAGES = [{"role": "user", "content": "你好"}]


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
async def model(server: ChatServer, waits: list[float]) -> AsyncIterator[OpenAIChat]:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    chat = OpenAIChat(server.url, SECRET, "m1", timeout=0.5, sleep=sleep)
    yield chat
    await chat.aclose()


async def said(chat: Chat) -> list[str]:
    return [piece async for piece in chat.stream(MESSAGES)]


async def test_the_answer_comes_in_the_pieces_the_server_sends(server: ChatServer, model: OpenAIChat) -> None:
    server.script.append(streamed("你", "好", "！\u2028 ok"))
    assert await said(model) == ["你", "好", "！\u2028 ok"]
    (asked,) = server.asked
    assert (asked.path, asked.authorization) == ("/v1/chat/completions", f"Bearer {SECRET}")
    assert asked.body == {"model": "m1", "messages": MESSAGES, "stream": True, "temperature": 0.2}


async def test_a_server_that_cannot_stream_answers_at_once(server: ChatServer, model: OpenAIChat) -> None:
    server.script.append(whole("Hello"))
    assert await said(model) == ["Hello"]


async def test_no_key_is_sent_where_there_is_none(server: ChatServer) -> None:
    chat = OpenAIChat(f"{server.url}/", "", "m1")
    assert "".join(await said(chat)) == "Hello there."
    await chat.aclose()
    assert server.asked[0].authorization is None
    assert server.asked[0].path == "/v1/chat/completions"


async def test_a_server_that_is_busy_is_asked_again(server: ChatServer, model: OpenAIChat, waits: list[float]) -> None:
    server.script += [refused(429, retry_after="3"), streamed("ok")]
    assert await said(model) == ["ok"]
    assert waits == [3.0]


async def test_nobody_is_kept_waiting_for_long(server: ChatServer, model: OpenAIChat, waits: list[float]) -> None:
    server.script += [refused(503, retry_after="3600"), refused(503)]
    with pytest.raises(ProviderFailed, match="503"):
        await said(model)
    assert waits == [LONGEST_WAIT]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 301])
async def test_a_refusal_is_final(server: ChatServer, model: OpenAIChat, status: int) -> None:
    server.script.append(refused(status, "no such model"))
    with pytest.raises(ProviderRefused, match="no such model") as error:
        await said(model)
    assert len(server.asked) == 1
    assert SECRET not in str(error.value)


async def test_a_model_that_takes_no_temperature_is_asked_without(server: ChatServer, model: OpenAIChat) -> None:
    no = refused(400, "Unsupported value: 'temperature' does not support 0.2 with this model")
    server.script += [no, streamed("ok")]
    assert await said(model) == ["ok"]
    assert "temperature" not in server.asked[1].body
    server.script += [no, no]
    with pytest.raises(ProviderRefused):
        await said(model)


@pytest.mark.parametrize(
    "reply",
    [
        broken("He"),
        silent("He"),
        Reply(headers=EVENTS, parts=[delta("He"), b"data: {not json}\n\n"]),
        Reply(headers=EVENTS, parts=[delta("He"), b'data: {"error": {"message": "overloaded"}}\n\n']),
        Reply(headers=EVENTS, parts=[delta("He"), b'data: {"choices": 7}\n\n']),
        Reply(headers=EVENTS, parts=[delta("He"), b"data: []\n\n"]),
        Reply(headers=EVENTS, parts=[delta("He"), b"data: " + b"[" * 100_000 + b"\n\n"]),
    ],
    ids=["broken", "silent", "no JSON", "error", "no choices", "a list", "deep"],
)
async def test_an_answer_that_fails_in_the_middle_is_not_begun_again(
    server: ChatServer, model: OpenAIChat, reply: Reply
) -> None:
    server.script.append(reply)
    pieces = model.stream(MESSAGES)
    assert await anext(pieces) == "He"
    with pytest.raises(ProviderFailed):
        await anext(pieces)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "reply",
    [
        silent(),
        Reply(headers=JSON, parts=[b"{}"]),
        Reply(headers=JSON, parts=[b'{"choices": [{"message": {"content": null}}]}']),
        Reply(headers=JSON, parts=[b"\xff"]),
        Reply(headers=EVENTS, parts=[b"x" * (MOST + 1)]),
        Reply(headers={**JSON, "content-length": "10"}, parts=[b"{}"]),
    ],
    ids=["silent", "empty", "null", "no text", "endless", "cut"],
)
async def test_nonsense_is_a_failure(server: ChatServer, model: OpenAIChat, reply: Reply) -> None:
    server.script += [reply, reply]
    with pytest.raises(ProviderFailed):
        await said(model)
    assert len(server.asked) == 2


async def test_an_answer_that_ends_without_the_last_mark_is_whole(server: ChatServer, model: OpenAIChat) -> None:
    server.script.append(Reply(headers=EVENTS, parts=[delta("Hi"), delta(None, "stop")]))
    assert await said(model) == ["Hi"]


async def test_a_server_that_is_not_there_is_a_failure() -> None:
    chat = OpenAIChat("http://127.0.0.1:9/v1", "", "m1", retries=0)
    with pytest.raises(ProviderError, match=r"m1 at 127\.0\.0\.1"):
        await said(chat)
    await chat.aclose()


def test_an_address_that_cannot_be_used_is_told_at_once() -> None:
    with pytest.raises(ConfigError, match="base_url"):
        OpenAIChat("http://[::1", "", "m1")
