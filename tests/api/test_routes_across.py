"""Search across projects, its history and the audit log over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.settings import load
from recollect.testing.embedder import FakeEmbedder


@pytest.fixture
def enabled() -> bool:
    return True


@pytest.fixture
async def client(home: Path, enabled: bool) -> AsyncIterator[httpx.AsyncClient]:
    project = {"enable_cross_project_search": enabled, "max_projects_per_search": 3}
    settings = load(home, {"project": project, "worker": {"poll": 0.02}}, environ={}).settings
    async with AsyncMemory(settings=settings, embed=FakeEmbedder()) as memory:
        for name in ("web", "api", "后端"):
            for number in range(3):
                await memory.add(f"zebra {name} {number}", project_id=name, title="斑马" if number else None)
        transport = httpx.ASGITransport(create_app(memory, settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as opened:
            yield opened


async def test_the_answer_has_every_field_it_always_had(client: httpx.AsyncClient) -> None:
    body = {
        "query": "zebra",
        "project_ids": ["web", "后端"],
        "include_all_projects": False,
        "merge_strategy": "project",
        "max_results_per_project": 2,
        "user_id": "default",
    }
    answer = await client.post("/api/search/projects", json=body)
    assert answer.status_code == 200
    said = answer.json()
    assert (said["success"], said["query"], said["projects_searched"], said["total_found"]) == (True, "zebra", 2, 4)
    assert said["search_time_ms"] >= 0
    assert said["project_stats"] == {name: {"name": name, "count": 2, "total": 2} for name in ("web", "后端")}
    assert [one["project_id"] for one in said["results"]] == ["web", "后端", "web", "后端"]
    needed = {"id", "title", "summary", "relevance_score", "project_id", "project_name"}
    assert all(needed <= one.keys() for one in said["results"])
    assert all(0 <= one["relevance_score"] <= 1 for one in said["results"])


async def test_all_projects_are_asked_up_to_the_limit(client: httpx.AsyncClient) -> None:
    said = (await client.post("/api/search/projects", json={"query": "zebra", "include_all_projects": True})).json()
    assert (said["projects_searched"], len(said["results"])) == (3, 9)
    few = await client.post("/api/search/projects", json={"query": "zebra", "include_all_projects": True, "limit": 4})
    assert len(few.json()["results"]) == 4


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "query"),
        ({"query": "x"}, 400, "project_ids"),
        ({"query": "x", "project_ids": "web"}, 400, "project_ids"),
        ({"query": "x", "project_ids": ["a\x00"]}, 400, "project_ids"),
        ({"query": "x", "project_ids": ["web"], "merge_strategy": "luck"}, 400, "merge_strategy"),
        ({"query": "x", "project_ids": ["web"], "max_results_per_project": -1}, 400, "max_results_per_project"),
        ({"query": "x", "project_ids": ["web"], "project": "y"}, 400, "project"),
        ({"query": "x" * 100_001, "project_ids": ["web"]}, 413, "query"),
    ],
)
async def test_mistakes_are_explained(client: httpx.AsyncClient, body: Any, status: int, field: str) -> None:
    answer = await client.post("/api/search/projects", json=body)
    assert answer.status_code in {status, 422}
    assert field in answer.text
    assert answer.json()["success"] is False


@pytest.mark.parametrize("enabled", [False])
async def test_where_it_is_off_it_says_how_to_switch_it_on(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/search/projects", json={"query": "zebra", "include_all_projects": True})
    assert answer.status_code == 403
    said = answer.json()["error"]
    assert said["message"] == "Cross-project search is not enabled"
    assert "PROJECT__ENABLE_CROSS_PROJECT_SEARCH=true" in said["hint"]


async def test_a_history_is_read_page_by_page_and_deleted(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await client.post("/api/search/projects", json={"query": f"zebra {number}", "project_ids": ["web"]})
    seen, cursor = [], None
    while True:
        asked = {"limit": 2} if cursor is None else {"limit": 2, "cursor": cursor}
        page = (await client.get("/api/search/history", params=asked)).json()
        seen += [one["query"] for one in page["searches"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"zebra {number}" for number in (4, 3, 2, 1, 0)]
    first = (await client.get("/api/search/history", params={"limit": 1})).json()["searches"][0]
    assert first["project_ids"] == ["web"]
    assert (await client.delete("/api/search/history", params={"id": first["id"]})).json() == {"deleted": 1}
    assert (await client.delete("/api/search/history")).json() == {"deleted": 4}
    assert (await client.get("/api/search/history")).json() == {"searches": [], "next_cursor": None}


async def test_the_log_is_listed_filtered_and_verified(client: httpx.AsyncClient) -> None:
    for name in ("web", "api", "web"):
        await client.post("/api/search/projects", json={"query": "a secret question", "project_ids": [name]})
    await client.get("/api/export", params={"project_id": "web"})
    every = (await client.get("/api/audit")).json()
    assert every["entries"][0]["action"] == "export"
    assert "secret" not in repr(every)
    found = (await client.get("/api/audit", params={"project_id": "web", "action": "search_across"})).json()["entries"]
    assert [one["projects"] for one in found] == [["web"], ["web"]]
    assert found[0]["previous"] != found[0]["digest"]
    page = (await client.get("/api/audit", params={"limit": 1})).json()
    following = (await client.get("/api/audit", params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert following["entries"][0]["seq"] == page["entries"][0]["seq"] - 1
    proof = (await client.get("/api/audit/verify")).json()
    assert (proof["whole"], proof["entries"], proof["faults"]) == (True, every["entries"][0]["seq"], [])
    kept = f"{proof['head']['seq']}:{proof['head']['digest']}"
    assert (await client.get("/api/audit/verify", params={"head": kept})).json()["whole"] is True
    other = (await client.get("/api/audit/verify", params={"head": f"1:{'0' * 64}"})).json()
    assert [(one["seq"], one["sort"]) for one in other["faults"]] == [(1, "replaced")]


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/api/audit", {"decision": "maybe"}),
        ("/api/audit", {"since": "soon"}),
        ("/api/audit", {"cursor": "!!"}),
        ("/api/audit", {"cursor": "ZnJvbSA5OTk5OTk5OTk5OTk5OTk5OTk5"}),
        ("/api/audit", {"limit": 0}),
        ("/api/audit", {"project_id": "a\nb"}),
        ("/api/audit/verify", {"head": "latest"}),
        ("/api/audit/verify", {"head": "99999999999999999999:ab"}),
        ("/api/search/history", {"user_id": "\x07"}),
        ("/api/search/history", {"cursor": "?"}),
    ],
)
async def test_what_cannot_be_asked_of_the_log_is_explained(client: httpx.AsyncClient, path: str, params: Any) -> None:
    answer = await client.get(path, params=params)
    assert answer.status_code in {400, 422}
    assert answer.json()["success"] is False


async def test_a_context_is_made_of_several_projects_within_a_budget(client: httpx.AsyncClient) -> None:
    body = {"query": "zebra", "project_ids": ["web", "后端"], "merge_strategy": "project", "budget": 300}
    answer = await client.post("/api/context/projects", json=body)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert made["tokens"] <= 300
    assert set(made["projects"]) == {"web", "后端"}
    assert sum(made["projects"].values()) == len(made["memories"]) > 0
    assert "zebra web" in made["text"]
    assert "zebra api" not in made["text"]
    assert (await client.get("/api/search/history")).json()["searches"] == []
    for wrong in ({"query": "zebra"}, {"query": "zebra", "project_ids": ["web"], "budget": 1}):
        assert (await client.post("/api/context/projects", json=wrong)).status_code in {400, 422}


@pytest.mark.parametrize("enabled", [False])
async def test_a_context_of_several_projects_needs_the_same_leave(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/context/projects", json={"query": "zebra", "include_all_projects": True})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "denied")
