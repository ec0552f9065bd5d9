"""The memory routes: what they keep, find, change and refuse."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from recollect import AsyncMemory
from recollect.api.envelope import speaks_chinese

HOSTILE = ["a/b", "a..b", "%2e%2e", "日本 語", "a?b#c", "🦊", "a+b & c", "'; drop table memory; --"]


async def add(client: httpx.AsyncClient, content: str, **more: Any) -> str:
    answer = await client.post("/api/memory/add", json={"user_id": "alice", "content": content, **more})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["memory_id"])


def failed(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Return the failure, whose form every client reads."""
    body: dict[str, Any] = answer.json()
    assert answer.status_code == status, answer.text
    assert body.keys() == {"success", "error", "detail"}
    assert body["error"].keys() == {"code", "message", "hint"}
    assert (body["success"], body["detail"]) == (False, body["error"]["message"])
    return dict(body["error"])


async def test_what_is_added_is_kept_as_the_library_keeps_it(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    more = {"project_id": "web", "title": "Style", "occurred_at": "2026-01-02T03:04:05Z", "importance": 0.9}
    kept = await memory.get(await add(client, "Alice prefers tabs", metadata={"category": "style"}, **more))
    assert (kept.text, kept.title, kept.importance) == ("Alice prefers tabs", "Style", 0.9)
    assert (kept.scope.user_id, kept.scope.project_id) == ("alice", "web")
    assert kept.occurred_at.isoformat() == "2026-01-02T03:04:05+00:00"
    assert kept.metadata == {"category": "style"}


async def test_a_batch_is_written_as_a_whole_or_not_at_all(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    notes = [{"content": "one"}, {"content": "two", "metadata": {"x": 1}}, {"content": " \u200b "}]
    answer = await client.post("/api/memory/batch-add", json={"user_id": "alice", "memories": notes})
    assert "notes[2]" in failed(answer, 400)["message"]
    assert (await memory.stats(user_id="alice")).memories == 0
    answer = await client.post("/api/memory/batch-add", json={"user_id": "alice", "memories": notes[:2]})
    assert [item["content"] for item in answer.json()["data"]["memories"]] == ["one", "two"]


async def test_a_batch_counts_what_it_says_twice(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    first = await add(client, "Tabs", metadata={"a": 1})
    notes = [{"content": "tabs", "metadata": {"b": 2}}, {"content": "new"}, {"content": "New"}, {"content": "TABS"}]
    answer = await client.post("/api/memory/batch-add", json={"user_id": "alice", "memories": notes})
    ids = [item["memory_id"] for item in answer.json()["data"]["memories"]]
    assert (ids[0], ids[3], ids[1]) == (first, first, ids[2])
    tabs, new = await memory.get(first), await memory.get(ids[1])
    assert (tabs.repeats, tabs.version, tabs.metadata) == (3, 2, {"a": 1, "b": 2})
    assert (new.repeats, new.version) == (2, 1)


async def test_search_answers_like_the_library_and_only_in_reach(
    client: httpx.AsyncClient, memory: AsyncMemory
) -> None:
    await add(client, "Alice prefers tabs", project_id="web")
    await add(client, "Bob prefers tabs", user_id="bob")
    await memory.drain()
    asked = {"user_id": "alice", "query": "tabs", "explain": True}
    data = (await client.post("/api/memory/search", json=asked)).json()["data"]
    (hit,) = await memory.search("tabs", user_id="alice", explain=True)
    assert [(item["id"], item["score"]) for item in data["memories"]] == [(hit.memory.id, round(hit.score, 4))]
    assert data["memories"][0]["parts"] == hit.parts
    for narrower in ({"project_id": "app"}, {"kinds": ["fact"]}, {"filters": {"category": "x"}}):
        answer = await client.post("/api/memory/search", json={**asked, **narrower})
        assert answer.json()["data"]["memories"] == []


@pytest.mark.parametrize("user", HOSTILE)
async def test_ids_of_any_characters_reach_their_owner(client: httpx.AsyncClient, user: str) -> None:
    await add(client, "mine", user_id=user)
    path = quote(user, safe="")
    listed = (await client.get(f"/api/memory/user/{path}")).json()["data"]
    assert (listed["user_id"], [item["content"] for item in listed["memories"]]) == (user, ["mine"])
    assert (await client.get(f"/api/memory/stats/{path}")).json()["data"]["total_memories"] == 1
    assert (await client.delete(f"/api/memory/user/{path}")).json()["data"] == {"user_id": user, "deleted": 1}


async def test_a_list_is_told_in_pages_that_miss_nothing(client: httpx.AsyncClient) -> None:
    ids = [await add(client, f"memory {number}") for number in range(7)]
    found: list[str] = []
    cursor = ""
    while True:
        page = (await client.get(f"/api/memory/user/alice?limit=3{cursor}")).json()["data"]
        assert page["total"] == 7
        found += [item["id"] for item in page["memories"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == ids[::-1]
    failed(await client.get("/api/memory/user/alice?cursor=nonsense"), 400)


async def test_stats_count_days_and_categories_and_name_the_rest_other(client: httpx.AsyncClient) -> None:
    await add(client, "a", metadata={"category": "habits"}, occurred_at="2024-01-01T10:00:00Z")
    await add(client, "b", occurred_at="2024-01-02T10:00:00Z")
    data = (await client.get("/api/memory/stats/alice")).json()["data"]
    assert data["date_distribution"] == {"2024-01-01": 1, "2024-01-02": 1}
    assert data["category_distribution"] == {"habits": 1, "other": 1}


async def test_a_memory_has_a_version_as_its_tag(client: httpx.AsyncClient) -> None:
    one = await add(client, "Alice prefers tabs")
    answer = await client.get(f"/api/memory/{one}")
    assert (answer.headers["etag"], answer.json()["data"]["version"]) == ('"1"', 1)
    unchanged = await client.get(f"/api/memory/{one}", headers={"if-none-match": 'W/"1"'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    changed = await client.patch(f"/api/memory/{one}", json={"content": "spaces"}, headers={"if-match": '"1"'})
    assert (changed.headers["etag"], changed.json()["data"]["content"]) == ('"2"', "spaces")
    assert (await client.get(f"/api/memory/{one}", headers={"if-none-match": '"1"'})).status_code == 200


@pytest.mark.parametrize("tag", ['"1"', 'W/"2"', '"x", "y"', "2"])
async def test_a_change_meant_for_another_version_is_refused(client: httpx.AsyncClient, tag: str) -> None:
    one = await add(client, "Alice prefers tabs")
    await client.patch(f"/api/memory/{one}", json={"title": "Style"})
    headers = {"if-match": tag}
    failed(await client.put("/api/memory/update", json={"memory_id": one, "content": "x"}, headers=headers), 412)
    failed(await client.patch(f"/api/memory/{one}", json={"content": "x"}, headers=headers), 412)
    for path in (f"/api/memory/{one}", f"/api/memory/memory/{one}", f"/api/chat/memory/{one}"):
        failed(await client.delete(path, headers=headers), 412)
    assert (await client.get(f"/api/memory/{one}")).json()["data"]["content"] == "Alice prefers tabs"
    assert (await client.delete(f"/api/memory/{one}", headers={"if-match": '"7", "2"'})).status_code == 200


async def test_an_update_changes_what_it_names_and_nothing_else(client: httpx.AsyncClient) -> None:
    one = await add(client, "Alice prefers tabs", metadata={"category": "style"}, title="Style")
    await client.put("/api/memory/update", json={"memory_id": one, "metadata": {"category": "code"}})
    data = (await client.get(f"/api/memory/{one}")).json()["data"]
    assert (data["content"], data["title"], data["metadata"]) == ("Alice prefers tabs", "Style", {"category": "code"})
    failed(await client.put("/api/memory/update", json={"memory_id": one}), 400)
    failed(await client.put("/api/memory/update", json={"memory_id": str(uuid4()), "content": "x"}), 404)
    steps = (await client.get(f"/api/memory/{one}/history")).json()["data"]["history"]
    assert [step["event"] for step in steps] == ["add", "revise"]
    assert steps[1]["changed"]["metadata"] == [{"category": "style"}, {"category": "code"}]


async def test_what_is_deleted_is_gone_but_for_the_fact(client: httpx.AsyncClient) -> None:
    one = await add(client, "Alice prefers tabs")
    await client.delete(f"/api/memory/memory/{one}")
    for path in (f"/api/memory/memory/{one}", f"/api/memory/{one}"):
        assert failed(await client.delete(path), 404)["code"] == "not_found"
    assert failed(await client.get(f"/api/memory/{one}"), 404)["hint"]
    (step,) = (await client.get(f"/api/memory/{one}/history")).json()["data"]["history"]
    assert (step["event"], step["content"]) == ("delete", None)
    failed(await client.get(f"/api/memory/{uuid4()}/history"), 404)


@pytest.mark.parametrize("path", ["search", "add", "update", "batch-add"])
async def test_paths_with_names_are_not_taken_for_ids(client: httpx.AsyncClient, path: str) -> None:
    failed(await client.get(f"/api/memory/{path}"), 405)
    failed(await client.patch(f"/api/memory/{path}", json={"content": "x"}), 405)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422),
        (b"[]", 422),
        (b'{"content": 3}', 422),
        (b'{"content": "x", "contents": "y"}', 422),
        (b'{"content": ""}', 422),
        (b'{"content": "x", "user_id": ""}', 422),
        (b'{"content": "x", "user_id": "a\\u0000b"}', 400),
        (b'{"content": "x", "user_id": "\\ud800"}', 422),
        (b'{"content": "\\ud800"}', 422),
        (b'{"content": "x", "metadata": {"n": NaN}}', 400),
        (b'{"content": "x", "metadata": {"n": 1e999}}', 400),
        (b'{"content": "x", "metadata": {"n": 99999999999999999999}}', 400),
        (b'{"content": "x", "importance": Infinity}', 422),
        (b'{"content": "x", "occurred_at": "yesterday"}', 400),
        (b'{"content": "x", "metadata": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}", 400),
        (b'{"content": "' + b"x" * 2_000_001 + b'"}', 413),
        (b'{"content": "x", "metadata": {"t": "' + b"x" * 70_000 + b'"}}', 413),
    ],
)
async def test_what_cannot_be_kept_is_refused_plainly(
    client: httpx.AsyncClient, memory: AsyncMemory, body: bytes, status: int
) -> None:
    headers = {"content-type": "application/json"}
    failed(await client.post("/api/memory/add", content=body, headers=headers), status)
    assert (await memory.stats()).memories == 0


async def test_lone_surrogates_in_metadata_do_no_harm(client: httpx.AsyncClient) -> None:
    body = b'{"content": "x", "metadata": {"\\ud800": "\\udfff"}}'
    answer = await client.post("/api/memory/add", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200
    one = answer.json()["data"]["memory_id"]
    assert (await client.get(f"/api/memory/{one}")).json()["data"]["metadata"] == {"\ufffd": "\ufffd"}
    failed(await client.post("/api/memory/add", content=b'{"\\ud800": 1}', headers=dict(answer.request.headers)), 422)


@pytest.mark.parametrize(
    ("accepted", "chinese"),
    [
        ("", True),
        ("*", True),
        ("zh-CN,zh;q=0.9,en;q=0.8", True),
        ("en-US,en;q=0.9,zh;q=0.8", False),
        ("en;q=0.2, zh;q=0.5", True),
        ("de", False),
        ("en;q=x", True),
    ],
)
async def test_messages_speak_chinese_unless_another_language_is_preferred(
    client: httpx.AsyncClient, accepted: str, chinese: bool
) -> None:
    assert speaks_chinese(accepted) is chinese
    answer = await client.get("/api/memory/stats/alice", headers={"accept-language": accepted})
    assert answer.json()["message"] == ("统计信息获取成功" if chinese else "Statistics made")
    assert "Accept-Language" in answer.headers["vary"]


async def test_null_takes_a_time_away_and_nothing_else(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    kept = await memory.add("zebra", expires_at="2100-01-01", title="T")
    await memory.update(kept.id, valid_to="2026-01-01")
    for body in ({"valid_to": None, "title": None}, {"expires_at": None, "memory_id": kept.id}):
        method, path = ("PUT", "/api/memory/update") if "memory_id" in body else ("PATCH", f"/api/memory/{kept.id}")
        assert (await client.request(method, path, json=body)).status_code == 200
    back = await memory.get(kept.id)
    assert (back.valid_to, back.expires_at, back.title, back.version) == (None, None, "T", 4)
    assert (await client.patch(f"/api/memory/{kept.id}", json={"title": None})).status_code == 400
