"""Chat: answers from memories or from a model, both turns kept, nothing found again that was only quoted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.served import served

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.chat import Piece
from recollect.errors import ConfigError
from recollect.models import Memory, Reach, Scope
from recollect.settings import Settings
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.model_server import Answer, Cut, Deed, Failure, Hang, ModelServer, model_server

STREAM = {"accept": "text/event-stream"}


async def send(client: httpx.AsyncClient, message: str, **more: Any) -> dict[str, Any]:
    answer = await client.post("/api/chat/message", json={"user_id": "alice", "message": message, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def stream(client: httpx.AsyncClient, message: str, **more: Any) -> list[tuple[str, dict[str, Any]]]:
    body = {"user_id": "alice", "message": message, **more}
    answer = await client.post("/api/chat/message", json=body, headers=STREAM)
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [block.split("\n") for block in answer.text.split("\n\n") if block]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


async def turns(memory: AsyncMemory, session: str) -> list[Memory]:
    page = await memory.list(user_id="alice", conversation_id=session, kinds=["turn"])
    return list(reversed(page.memories))


# Without a model.


async def test_a_question_is_answered_by_dated_quotes_the_newest_first(
    client: httpx.AsyncClient, memory: AsyncMemory
) -> None:
    old = await memory.add("Alice prefers coffee from Kenya", user_id="alice", occurred_at="2025-03-04T10:00:00Z")
    new = await memory.add("Alice prefers coffee from Peru now", user_id="alice", occurred_at="2025-11-05T10:00:00Z")
    await memory.add("Bob prefers coffee from Brazil", user_id="bob")
    await memory.drain()
    reply = await send(client, "Which coffee does Alice prefer?")
    assert (reply["model"], reply["fallback"]) == ("extractive", None)
    assert reply["memories_used"] == [new.id, old.id]
    lines = reply["response"].splitlines()
    assert lines[1] == f"- 2025-11-05: “Alice prefers coffee from Peru now” [{new.id[-8:]}]"
    assert lines[2].startswith("- 2025-03-04: “Alice prefers coffee from Kenya”")
    assert "Bob" not in reply["response"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What did I say about gardening?", "Nothing is remembered about this."),
        ("我喜欢什么电影？", "没有与此相关的记忆。"),
        ("好きな映画は何ですか？", "これについて覚えていることはありません。"),
        ("내가 좋아하는 영화는 무엇입니까?", "이에 대해 기억하고 있는 것이 없습니다."),
    ],
)
async def test_where_nothing_is_remembered_it_says_so_in_the_language_of_the_question(
    client: httpx.AsyncClient, question: str, answer: str
) -> None:
    reply = await send(client, question)
    assert (reply["response"], reply["memories_used"]) == (answer, [])


async def test_a_statement_is_noted_and_found_when_asked_for(client: httpx.AsyncClient) -> None:
    first = await send(client, "我喜欢科幻电影，特别是《星际穿越》", session_id="s1")
    assert (first["response"], first["memories_used"]) == ("好的，我记住了。", [])
    second = await send(client, "我喜欢什么电影？", session_id="s1")
    assert "《星际穿越》" in second["response"]
    assert len(second["memories_used"]) == 1
    third = await send(client, "我也喜欢科幻电影《银翼杀手》", session_id="s2")
    assert third["response"].startswith("好的，我记住了。\n\n相关的记忆")
    assert third["memories_used"] == second["memories_used"]


async def test_both_turns_are_kept_in_the_session(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    more = {"session_id": "s1", "project_id": "web", "agent_id": "bot", "metadata": {"source": "web"}}
    for _ in range(2):
        reply = await send(client, "I moved to Lisbon", **more)
        assert reply["session_id"] == "s1"
    kept = await turns(memory, "s1")
    assert [(turn.role, turn.text) for turn in kept[::2]] == [("user", "I moved to Lisbon")] * 2
    assert [turn.role for turn in kept[1::2]] == ["assistant"] * 2
    assert kept[0].metadata == {"source": "web"}
    assert (kept[0].scope.project_id, kept[0].scope.agent_id, kept[0].source.client) == ("web", "bot", "chat")


async def test_a_session_is_made_where_none_is_named(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    first, second = await send(client, "I moved to Lisbon"), await send(client, "I moved to Porto")
    assert first["session_id"] != second["session_id"]
    assert len(await turns(memory, first["session_id"])) == 2


async def test_answers_that_only_quote_are_never_found_as_knowledge(
    client: httpx.AsyncClient, memory: AsyncMemory
) -> None:
    note = await memory.add("The door code is 4711", user_id="alice")
    for _ in range(3):
        assert (await send(client, "What is the door code?", session_id="s1"))["memories_used"] == [note.id]
    await memory.drain()
    answers = [turn for turn in await turns(memory, "s1") if turn.role == "assistant"]
    assert all("4711" not in turn.text and not turn.dense for turn in answers)
    assert answers[0].metadata == {"answered_by": "extractive", "memories_used": [note.id]}
    hits = await memory.search("door code 4711", user_id="alice", kinds=["turn", "fact"])
    assert all("4711" not in hit.memory.text for hit in hits)
    found = await memory.search("What is the door code?", user_id="alice")
    assert all(hit.memory.dense for hit in found)
    assert note.id in [hit.memory.id for hit in found]


async def test_a_quote_does_not_outlive_its_memory(client: httpx.AsyncClient, memory: AsyncMemory, home: Path) -> None:
    note = await memory.add("The door code is QX4711QX", user_id="alice")
    assert "QX4711QX" in (await send(client, "What is the door code?"))["response"]
    await memory.delete(note.id)
    await memory.drain()
    await memory.close()
    assert not [path for path in home.rglob("*") if path.is_file() and b"QX4711QX" in path.read_bytes()]


@pytest.mark.parametrize("message", ["<private>my pin is 1234</private>", " \n "])
async def test_what_is_not_kept_is_not_said_to_be(client: httpx.AsyncClient, memory: AsyncMemory, message: str) -> None:
    await memory.add("The cat is called Mo", user_id="alice")
    reply = await send(client, message, session_id="s1")
    assert (reply["response"], reply["memories_used"]) == ("I keep nothing of this.", [])
    assert [turn.role for turn in await turns(memory, "s1")] == ["assistant"]


async def test_a_hostile_message_is_refused_before_anything_is_kept(
    client: httpx.AsyncClient, memory: AsyncMemory
) -> None:
    for body in (
        {"message": ""},
        {"message": "x" * 100_001},
        {"message": "x", "session_id": "a\x00b"},
        {"message": "x", "metadata": {"t": "x" * 70_000}},
        {"message": "x", "user": "alice"},
    ):
        answer = await client.post("/api/chat/message", json=body)
        assert 400 <= answer.status_code < 500
        assert answer.json()["success"] is False
    assert (await memory.stats()).memories == 0


async def test_the_answer_from_memories_streams_too(client: httpx.AsyncClient) -> None:
    events = await stream(client, "I moved to Lisbon", session_id="s1")
    assert [name for name, _ in events] == ["token", "done"]
    assert events[0][1] == {"text": "Noted, I will remember this."}
    assert events[1][1]["response"] == "Noted, I will remember this."
    assert events[1][1]["session_id"] == "s1"


# With a model.


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        yield running


@pytest.fixture
async def talking(home: Path, server: ModelServer, clock: FakeClock) -> AsyncIterator[AsyncMemory]:
    settings = {
        "worker": {"poll": 0.02},
        "chat": {"base_url": server.openai, "model": "m1", "api_key": "sk-secret", "timeout": 0.5},
        "models": {"retries": 0},
    }
    async with AsyncMemory(home / "model", embed=FakeEmbedder(), clock=clock, settings=settings) as opened:
        yield opened


@pytest.fixture
async def model(talking: AsyncMemory, home: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(
        create_app(talking, Settings.model_validate({"home": home})), raise_app_exceptions=False
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as opened:
        yield opened


async def test_the_model_is_given_what_is_remembered_and_what_was_said(
    model: httpx.AsyncClient, talking: AsyncMemory, server: ModelServer
) -> None:
    note = await talking.add("Alice prefers coffee from Peru", user_id="alice")
    server.script(Answer(pieces=["Peru", "vian."]), "Yes.")
    first = await send(model, "Which coffee do I like?", session_id="s1")
    assert (first["response"], first["model"], first["fallback"]) == ("Peruvian.", "m1", None)
    assert first["memories_used"] == [note.id]
    await send(model, "Are you sure?", session_id="s1")
    system, *said = server.requests[1].body["messages"]
    assert system["role"] == "system"
    assert said == [
        {"role": "user", "content": "Which coffee do I like?"},
        {"role": "assistant", "content": "Peruvian."},
        {"role": "user", "content": "Are you sure?"},
    ]
    assert "Alice prefers coffee from Peru" in server.requests[0].body["messages"][0]["content"]
    kept = await turns(talking, "s1")
    assert [turn.text for turn in kept] == ["Which coffee do I like?", "Peruvian.", "Are you sure?", "Yes."]
    assert kept[1].metadata == {"answered_by": "m1", "memories_used": [note.id]}
    (told, *_) = (await model.get("/api/conversations/s1/tellings?user_id=alice")).json()["tellings"]
    assert (told["way"], told["memories"], told["turn"]) == ("chat", [note.id], kept[0].id)
    (_, spent) = (await model.get("/api/usage")).json()["usage"]
    assert (spent["purpose"], spent["provider"]) == ("chat", "m1")
    assert spent["tokens_in"] > spent["tokens_out"] > 0


async def test_memories_used_is_empty_where_nothing_was_given(model: httpx.AsyncClient) -> None:
    assert (await send(model, "Who are you?"))["memories_used"] == []


async def test_the_model_streams(model: httpx.AsyncClient, server: ModelServer) -> None:
    server.script(Answer(pieces=["你", "好"]))
    events = await stream(model, "你好")
    assert [(name, data.get("text")) for name, data in events] == [("token", "你"), ("token", "好"), ("done", None)]
    assert events[-1][1]["response"] == "你好"


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        (Failure(500), "provider_failed"),
        (Failure(401), "provider_refused"),
        (Hang(), "provider_failed"),
        (Cut(["Per"]), "provider_failed"),
        (Answer(""), "provider_failed"),
        (Answer(pieces=[" \n"]), "provider_failed"),
    ],
    ids=["down", "refused", "silent", "broken", "empty", "blank"],
)
async def test_a_model_that_fails_is_stood_in_for_by_the_memories(
    model: httpx.AsyncClient, talking: AsyncMemory, server: ModelServer, deed: Deed, code: str
) -> None:
    note = await talking.add("Alice prefers coffee from Peru", user_id="alice")
    server.usually(deed)
    reply = await send(model, "Which coffee does Alice prefer?", session_id="s1")
    assert (reply["model"], reply["fallback"]) == ("extractive", f"No language model answered ({code})")
    assert reply["memories_used"] == [note.id]
    assert "from Peru" in reply["response"]
    assert len(await turns(talking, "s1")) == 2


async def test_a_stream_that_breaks_begins_anew_and_says_so(
    model: httpx.AsyncClient, talking: AsyncMemory, server: ModelServer
) -> None:
    await talking.add("Alice prefers coffee from Peru", user_id="alice")
    server.script(Cut(["Per"]))
    events = await stream(model, "Which coffee does Alice prefer?")
    assert [name for name, _ in events] == ["token", "restart", "token", "done"]
    assert events[-1][1]["response"] == events[2][1]["text"]


async def test_what_a_user_said_is_kept_when_they_break_off(talking: AsyncMemory, server: ModelServer) -> None:
    server.script(Hang(["Hm"]))
    scope = Scope("alice", "default", "s1")
    answer = talking.app.agent.stream("I moved to Lisbon", scope, Reach("alice", None))
    assert await anext(answer) == Piece("Hm")
    await answer.aclose()
    assert [turn.text for turn in await turns(talking, "s1")] == ["I moved to Lisbon"]


def test_words_are_passed_on_while_the_model_still_speaks(home: Path, server: ModelServer) -> None:
    server.script(Hang(["Hm"]))
    body = {"user_id": "alice", "message": "hello"}
    with (
        served(home, chat={"base_url": server.openai, "model": "m1", "timeout": 60}) as url,
        httpx.stream("POST", f"{url}/api/chat/message", json=body, headers=STREAM, timeout=20) as answer,
    ):
        assert next(answer.iter_text()) == 'event: token\ndata: {"text":"Hm"}\n\n'


@pytest.mark.parametrize("half", [{"base_url": "http://127.0.0.1:9"}, {"model": "m1"}])
def test_half_a_model_is_refused_at_the_start(home: Path, half: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="is missing"):
        AsyncMemory(home, embed=FakeEmbedder(), settings={"chat": half})
