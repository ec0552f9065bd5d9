"""Capture, context, conversations, timeline, graph, jobs and usage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from recollect import AsyncMemory
from recollect.models import Task, Usage
from recollect.testing.clock import START, FakeClock


def said(number: int, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": f"Bo deploys release {number} to Hetzner", "message_id": f"m{number}", **more}


async def capture(client: httpx.AsyncClient, count: int = 3, **more: Any) -> list[str]:
    body = {"turns": [said(number) for number in range(count)], "conversation_id": "c1", "project_id": "web", **more}
    answer = await client.post("/api/capture", json=body)
    assert answer.status_code == 202, answer.text
    return list(answer.json()["ids"])


async def test_captured_turns_are_found_at_once_and_kept_once(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    turns = [
        said(1, speaker="Bo", occurred_at="2026-01-02T03:04:05Z", unknown="passed over"),
        {"role": "assistant", "content": [{"type": "text", "text": "The password is hunter2hunter2"}]},
        {"role": "user", "content": "<private>secret</private>"},
    ]
    body = {"turns": turns, "conversation_id": "c1", "user_id": "alice", "source": "ide"}
    receipt = (await client.post("/api/capture", json=body)).json()
    assert (receipt["ids"][2], receipt["duplicates"]) == (None, 0)
    assert receipt["redacted"] == {"password": 1, "private": 1}
    first = await memory.get(receipt["ids"][0])
    assert (first.speaker, first.source.client, first.source.message_id) == ("Bo", "ide", "m1")
    assert first.id in {hit.memory.id for hit in await memory.search("Hetzner", user_id="alice")}
    again = (await client.post("/api/capture", json=body)).json()
    assert (again["ids"], again["duplicates"]) == (receipt["ids"], 2)


@pytest.mark.parametrize(
    ("turn", "status"),
    [
        ({"role": "nobody", "content": "x"}, 400),
        ({"role": "user", "content": "x", "occurred_at": "soon"}, 400),
        ({"role": "user"}, 422),
        ({"role": "user", "content": [{"type": "image", "url": "x"}]}, 422),
        ({"role": "user", "content": "x" * 2_000_001}, 413),
    ],
)
async def test_one_wrong_turn_keeps_all_of_them_out(
    client: httpx.AsyncClient, memory: AsyncMemory, turn: dict[str, Any], status: int
) -> None:
    answer = await client.post("/api/capture", json={"turns": [said(1), turn]})
    assert (answer.status_code, answer.json()["success"]) == (status, False)
    assert (await memory.stats()).memories == 0


async def test_a_context_is_that_of_the_library(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    await capture(client)
    await memory.drain()
    asked = {"query": "Where do we deploy?", "project_id": "web", "budget": 60, "format": "xml"}
    answer = (await client.post("/api/context", json=asked)).json()
    made = await memory.context("Where do we deploy?", project_id="web", budget=60, format="xml")
    assert (answer["text"], answer["memories"]) == (made.text, list(made.memories))
    assert answer["tokens"] <= 60
    assert answer["fused_by"] == "extractive"


async def test_conversations_are_listed_in_pages_and_read_in_order(client: httpx.AsyncClient, clock: FakeClock) -> None:
    for name in ("c1", "a/b", "c3"):
        await capture(client, conversation_id=name)
        clock.forward(60)
    found: list[str] = []
    path = "/api/conversations?project_id=web&limit=2"
    page = (await client.get(path)).json()
    found += [item["id"] for item in page["conversations"]]
    page = (await client.get(f"{path}&cursor={page['next_cursor']}")).json()
    found += [item["id"] for item in page["conversations"]]
    assert page["next_cursor"] is None
    assert found == ["c3", "a/b", "c1"]
    path = f"/api/conversations/{quote('a/b', safe='')}?project_id=web&limit=2"
    first = (await client.get(path)).json()
    rest = (await client.get(f"{path}&cursor={first['next_cursor']}")).json()
    assert (first["conversation"]["id"], first["conversation"]["turns"]) == ("a/b", 3)
    texts = [turn["content"] for turn in (*first["turns"], *rest["turns"])]
    assert texts == [said(number)["content"] for number in range(3)]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("query", ["", "?user_id=bob", "?project_id=web&user_id=bob"])
async def test_a_conversation_of_others_is_not_there(client: httpx.AsyncClient, query: str) -> None:
    await capture(client, user_id="alice")
    assert (await client.get(f"/api/conversations/c1{query}")).status_code == 404
    assert (await client.get("/api/conversations/c1?user_id=alice")).status_code == 200


@pytest.mark.parametrize("cursor", ["x", "ZnJvbSAtMQ", "ZnJvbSA5OTk5OTk5OTk5", "%F0%9F%A6%8A", "MQ"])
async def test_a_cursor_of_others_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    for path in ("conversations", "graph/entities", "usage"):
        assert (await client.get(f"/api/{path}?cursor={cursor}")).status_code == 400


async def test_the_timeline_is_around_a_memory_or_a_question(client: httpx.AsyncClient) -> None:
    ids = await capture(client, 9)
    around = (await client.get(f"/api/timeline?memory_id={ids[4]}&span=2")).json()
    assert around["anchor"] == ids[4]
    assert [item["id"] for item in around["memories"]] == ids[2:7]
    asked = (await client.get("/api/timeline?query=release%207&project_id=web&span=1")).json()
    assert [item["id"] for item in asked["memories"]] == ids[6:9]
    assert (await client.get("/api/timeline?user_id=bob")).json() == {"anchor": None, "memories": []}
    assert (await client.get(f"/api/timeline?memory_id={ids[4]}&project_id=app")).status_code == 404
    assert (await client.get("/api/timeline?memory_id=nonsense")).status_code == 404


async def test_the_graph_names_what_is_spoken_of(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    turn = {"role": "user", "speaker": "Ann", "content": "Ann works at Acme. Ann lives in Berlin."}
    await client.post("/api/capture", json={"turns": [turn], "project_id": "web"})
    await memory.drain()
    found = (await client.get("/api/graph/entities?project_id=web&limit=2")).json()
    rest = (await client.get(f"/api/graph/entities?project_id=web&cursor={found['next_cursor']}")).json()
    names = [item["name"] for item in (*found["entities"], *rest["entities"])]
    assert sorted(names) == ["Acme", "Ann", "Berlin"]
    assert (await client.get("/api/graph/entities?user_id=bob")).json() == {"entities": [], "next_cursor": None}
    near = (await client.get("/api/graph/neighbours?project_id=web&name=ann&limit=1")).json()
    (relation,) = near["neighbours"]
    assert (near["name"], relation["subject"], relation["predicate"]) == ("ann", "Ann", "lives_in")
    assert (await client.get("/api/graph/neighbours?name=ann&user_id=bob")).json()["neighbours"] == []
    none = (await client.get("/api/graph/neighbours?name=nobody")).json()
    assert none == {"name": "nobody", "neighbours": []}


async def test_parked_jobs_are_shown_and_run_again(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    queue = memory.app.engine.stores.queue
    await memory.drain()
    await memory.app.worker.stop()
    await queue.push([Task("embed", {"ids": []}), Task("embed", {"ids": []})])
    for job in await queue.claim("me", limit=2, lease=60):
        await queue.fail(job.id, "it broke", retry_in=None)
    shown = (await client.get("/api/jobs")).json()
    assert [(job["state"], job["error"]) for job in shown["jobs"]] == [("parked", "it broke")] * 2
    assert shown["waiting"] == 0
    one = shown["jobs"][0]["id"]
    assert (await client.post("/api/jobs/retry", json={"ids": [one, 987]})).json() == {"retried": 1}
    assert (await client.post("/api/jobs/retry")).json() == {"retried": 1}
    assert (await client.get("/api/jobs")).json()["waiting"] == 2
    assert (await client.post("/api/jobs/retry", json={"ids": [2**63]})).status_code == 422


async def test_usage_tells_calls_and_totals(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    records = memory.app.engine.stores.records
    for day in range(3):
        await records.spend([Usage(START + timedelta(days=day), "chat", "m1", 10, 5, 0.5, 12.5)])
    answer = (await client.get("/api/usage?limit=2")).json()
    assert [call["at"] for call in answer["usage"]] == ["2026-03-04T09:00:00Z", "2026-03-03T09:00:00Z"]
    counted = {"calls": 3, "failed": 0, "cached": 0, "tokens_in": 30, "tokens_out": 15, "cost": 1.5}
    assert answer["totals"] == [{"purpose": "chat", "provider": "m1", **counted}]
    assert answer["next_cursor"]
    since = (await client.get("/api/usage?since=2026-03-04T00:00:00Z")).json()
    assert (len(since["usage"]), since["totals"][0]["calls"]) == (1, 1)


async def test_the_service_says_what_it_is_and_documents_itself(client: httpx.AsyncClient) -> None:
    assert (await client.get("/")).json()["name"] == "recollect"
    document = (await client.get("/openapi.json")).json()
    assert "/docs" in (await client.get("/")).text
    for path in ("/api/memory/add", "/api/memory/search", "/api/chat/message", "/api/capture"):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert document["components"]["schemas"][body["$ref"].rpartition("/")[2]]["examples"]
