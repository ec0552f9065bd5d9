"""The routes of Mem0's self-hosted server, in the shapes its callers know."""

from __future__ import annotations

from typing import Any

from httpx import AsyncClient
from tests.api.mem0.conftest import Live
from tests.api.mem0.test_routes import UNKNOWN, asked

from recollect import AsyncMemory

HERE = "/mem0-oss"
SAID = [{"role": "user", "content": "I collect old maps"}, {"role": "assistant", "content": "How nice"}]


async def add(client: AsyncClient, **more: Any) -> list[dict[str, Any]]:
    body = {"messages": SAID, "user_id": "alice", **more}
    results: list[dict[str, Any]] = (await asked(client, "POST", f"{HERE}/memories", json=body))["results"]
    return results


async def test_a_memory_is_made_found_changed_and_deleted(client: AsyncClient) -> None:
    mine, _ = await add(client, metadata={"k": 1}, run_id="r")
    assert mine == {"id": mine["id"], "memory": "I collect old maps", "event": "ADD"}
    found = await asked(client, "POST", f"{HERE}/search", json={"query": "maps", "user_id": "alice", "explain": True})
    best = found["results"][0]
    assert (best["id"], best["metadata"], best["run_id"], best["role"]) == (mine["id"], {"k": 1}, "r", "user")
    assert 0 < best["score"] <= 1
    assert "words" in best["score_details"]
    one = f"{HERE}/memories/{mine['id']}"
    assert (await asked(client, "GET", one))["memory"] == "I collect old maps"
    assert (await asked(client, "PUT", one, json={"text": "I collect new maps"}))["message"]
    (made, changed) = await asked(client, "GET", f"{one}/history")
    assert (made["event"], made["new_memory"]) == ("ADD", "I collect old maps")
    assert (changed["event"], changed["old_memory"], changed["new_memory"]) == (
        "UPDATE",
        "I collect old maps",
        "I collect new maps",
    )
    assert (await asked(client, "DELETE", one))["message"] == "Memory deleted successfully"
    assert await asked(client, "GET", one) is None
    (gone,) = await asked(client, "GET", f"{one}/history")
    assert (gone["event"], gone["is_deleted"], gone["old_memory"]) == ("DELETE", True, None)


async def test_what_is_not_there(client: AsyncClient) -> None:
    assert await asked(client, "GET", f"{HERE}/memories/{UNKNOWN}") is None
    assert await asked(client, "GET", f"{HERE}/memories/no id") is None
    assert await asked(client, "GET", f"{HERE}/memories/{UNKNOWN}/history") == []
    await asked(client, "DELETE", f"{HERE}/memories/{UNKNOWN}", 404)
    await asked(client, "PUT", f"{HERE}/memories/{UNKNOWN}", 404, json={"text": "x"})


async def test_listing_with_a_name_gives_results_and_without_everything(client: AsyncClient) -> None:
    await add(client)
    await add(client, user_id="bo", agent_id="bot")
    assert len((await asked(client, "GET", f"{HERE}/memories?user_id=alice"))["results"]) == 2
    assert len((await asked(client, "GET", f"{HERE}/memories?agent_id=bot&top_k=1"))["results"]) == 1
    assert len(await asked(client, "GET", f"{HERE}/memories")) == 4
    found = await asked(client, "GET", f"{HERE}/entities")
    assert {(one["type"], one["name"]) for one in found} == {("user", "alice"), ("user", "bo"), ("agent", "bot")}


async def test_deleting_by_name_and_resetting(client: AsyncClient, memory: AsyncMemory) -> None:
    for user in ("alice", "bo", "cy", "a/b"):
        await add(client, user_id=user)
    await asked(client, "DELETE", f"{HERE}/memories", 400)
    await asked(client, "DELETE", f"{HERE}/memories?user_id=alice")
    await asked(client, "DELETE", f"{HERE}/entities/user/a%2Fb")
    assert await memory.app.owners.users() == ["bo", "cy"]
    assert (await asked(client, "POST", f"{HERE}/reset"))["message"] == "All memories reset"
    assert await memory.app.owners.users() == []


async def test_what_it_cannot_do_it_says(client: AsyncClient) -> None:
    refused: list[tuple[str, str]] = [
        ("POST", "configure"),
        ("POST", "generate-instructions"),
        ("GET", "requests"),
        ("POST", "auth/register"),
        ("POST", "auth/login"),
        ("PATCH", "auth/me"),
        ("GET", "api-keys"),
        ("POST", "api-keys"),
    ]
    for method, path in refused:
        answer = await asked(client, method, f"{HERE}/{path}", 400, json={})
        assert answer["error"]["code"] == "not_enabled"
    await asked(client, "DELETE", f"{HERE}/api-keys/3", 404)
    await asked(client, "POST", f"{HERE}/memories", 400, json={"messages": SAID})
    await asked(client, "POST", f"{HERE}/memories", 422, json={"messages": "x", "user_id": "alice"})
    await asked(client, "POST", f"{HERE}/search", 400, json={"query": "maps"})


async def test_it_tells_how_it_is_set_up(client: AsyncClient) -> None:
    assert (await asked(client, "GET", f"{HERE}/configure"))["embedder"]["provider"] == "minilm"
    assert "minilm" in (await asked(client, "GET", f"{HERE}/configure/providers"))["embedder"]
    assert (await asked(client, "GET", f"{HERE}/auth/setup-status"))["needsSetup"] is False
    assert (await asked(client, "GET", f"{HERE}/auth/me"))["role"] == "admin"
    home = await client.get(f"{HERE}/")
    assert (home.status_code, home.headers["location"]) == (307, "/docs")


async def test_the_key_is_asked_for_in_every_form(live: Live) -> None:
    async with AsyncClient(base_url=live.url) as client:
        await asked(client, "GET", f"{HERE}/memories", 401)
        for header in ({"X-API-Key": live.key}, {"Authorization": f"Bearer {live.key}"}):
            assert await asked(client, "GET", f"{HERE}/memories", headers=header) == []
