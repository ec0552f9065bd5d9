"""What assistants were told, over REST: each edge notes it, pages are in order, and the viewer's own looks are none."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from mcp import Client

from recollect import AsyncMemory
from recollect.mcp.desk import Desk
from recollect.mcp.server import Server
from recollect.models import Occasion, Scope, Telling

HERE = {"project_id": "web", "conversation_id": "c1"}


@pytest.fixture
async def said(client: httpx.AsyncClient) -> str:
    """Return the id of the one turn of a conversation."""
    turn = {"role": "user", "content": "We deploy to Hetzner from main", "message_id": "m1"}
    answer = await client.post("/api/capture", json={"turns": [turn], **HERE})
    return str(answer.json()["ids"][0])


async def told(client: httpx.AsyncClient, name: str = "c1", **more: Any) -> dict[str, Any]:
    answer = await client.get(f"/api/conversations/{name}/tellings", params={"project_id": "web", **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_context_that_a_program_asked_for_is_noted(client: httpx.AsyncClient, said: str) -> None:
    asked = {"query": "Where do we deploy?", "budget": 200, **HERE}
    made = (await client.post("/api/context", json=asked)).json()
    (one,) = (await told(client))["tellings"]
    assert (one["way"], one["memories"], one["tokens"], one["budget"]) == ("rest", [said], made["tokens"], 200)
    assert (one["turn"], one["agent_id"]) == (None, None)
    assert one["tokens_of_memories"] > 0
    used = (await client.get(f"/api/memory/{said}/usage")).json()["data"]
    assert (used["told"], used["last_told_at"], used["more_conversations"]) == (1, one["at"], 0)
    assert [(talk["conversation_id"], talk["told"]) for talk in used["conversations"]] == [("c1", 1)]


async def test_what_the_viewer_shows_to_people_is_told_to_nobody(client: httpx.AsyncClient, said: str) -> None:
    asked = {"query": "Where do we deploy?", **HERE}
    await client.post("/api/context", json=asked, headers={"X-Recollect": "viewer"})
    assert (await told(client))["tellings"] == []
    assert (await client.get(f"/api/memory/{said}/usage")).json()["data"] == {
        "memory_id": said,
        "told": 0,
        "last_told_at": None,
        "conversations": [],
        "more_conversations": 0,
    }


async def test_a_context_that_tells_nothing_is_none(client: httpx.AsyncClient, said: str) -> None:
    await client.post("/api/context", json={"query": "xyzzy", "project_id": "empty", "conversation_id": "c1"})
    assert said
    assert (await told(client))["tellings"] == []


async def test_a_context_that_an_assistant_asked_for_by_tool_is_noted(
    client: httpx.AsyncClient, memory: AsyncMemory, said: str
) -> None:
    async with Client(Server(Desk(memory))) as asking:
        await asking.call_tool("inject_context", {"query": "Where do we deploy?", **HERE})
    (one,) = (await told(client))["tellings"]
    assert (one["way"], one["memories"], one["budget"]) == ("mcp", [said], 2000)


async def test_pages_are_in_order_and_of_one_conversation(
    client: httpx.AsyncClient, memory: AsyncMemory, said: str
) -> None:
    now = memory.app.engine.now()
    for number in range(7):
        scope = Scope("default", "web", "c1" if number != 3 else "c2", "ide")
        memory.app.noting.note(Telling(now, Occasion.PROMPT, scope, (said,), number + 1, turn=said))
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = await told(client, limit=2, **({} if cursor is None else {"cursor": cursor}))
        seen += [one["tokens"] for one in page["tellings"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [1, 2, 3, 5, 6, 7]
    wrong = await client.get("/api/conversations/c1/tellings", params={"project_id": "web", "cursor": "junk"})
    assert wrong.status_code == 400


async def test_names_with_slashes_and_conversations_that_are_not_there(client: httpx.AsyncClient, said: str) -> None:
    turn = {"role": "user", "content": "A subagent was asked", "message_id": "m9"}
    await client.post("/api/capture", json={"turns": [turn], "project_id": "web", "conversation_id": "c1/a1"})
    assert said
    assert (await told(client, "c1/a1"))["tellings"] == []
    for path in ("/api/conversations/nowhere/tellings", "/api/memory/00000000-0000-7000-8000-000000000000/usage"):
        assert (await client.get(path)).status_code == 404
    assert (await client.get("/api/memory/none/usage")).status_code in {404, 405, 422}


async def test_usage_goes_with_the_memory(client: httpx.AsyncClient, memory: AsyncMemory, said: str) -> None:
    await client.post("/api/context", json={"query": "Where do we deploy?", **HERE})
    await client.delete(f"/api/memory/{said}")
    assert await memory.app.tellings.uses(said) == []
    assert await memory.app.tellings.told(Scope("default", "web", "c1"), limit=9) == []


async def test_a_conversation_whose_id_ends_like_the_path_is_read_by_its_slash_as_a_sign(
    client: httpx.AsyncClient, said: str
) -> None:
    turn = {"role": "user", "content": "A talk of that name", "message_id": "m9"}
    odd = {**HERE, "conversation_id": "c1/tellings"}
    await client.post("/api/capture", json={"turns": [turn], **odd})
    await client.post("/api/context", json={"query": "A talk of that name", **odd})
    assert said
    answer = await client.get("/api/conversations/c1%2Ftellings", params={"project_id": "web"})
    assert [turn["content"] for turn in answer.json()["turns"]] == ["A talk of that name"]
    assert len((await told(client, "c1%2Ftellings"))["tellings"]) == 1
    assert (await told(client))["tellings"] == []
