"""Projects, people and tokens over REST: each sees what he may, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.guarded import BEARER, asking, guarded, refused


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class Door:
    """One server, and the tokens that open it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.tokens: dict[str, str] = {}

    async def ask(self, method: str, path: str, who: str = "", **json: Any) -> httpx.Response:
        headers = bearer(self.tokens[who]) if who else BEARER
        if method in {"GET", "DELETE"}:
            return await self.client.request(method, path, headers=headers, params=json)
        return await self.client.request(method, path, headers=headers, json=json)

    async def done(self, method: str, path: str, who: str = "", **json: Any) -> Any:
        answer = await self.ask(method, path, who, **json)
        assert answer.is_success, answer.text
        return answer.json()

    async def user(self, name: str) -> None:
        await self.done("POST", "/api/users", id=name)
        self.tokens[name] = (await self.done("POST", "/api/tokens", name=name, user_id=name))["token"]

    async def service(self, name: str, **rights: str) -> None:
        self.tokens[name] = (await self.done("POST", "/api/tokens", name=name, rights=rights))["token"]

    async def found(self, who: str, **asked: Any) -> set[str]:
        answer = await self.done("POST", "/api/memory/search", who, query="", limit=100, **asked)
        return {item["content"] for item in answer["data"]["memories"]}


@pytest.fixture
async def door(home: Path) -> AsyncIterator[Door]:
    async with guarded(home, rate="off") as app, asking(app) as client:
        yield Door(client)


async def test_a_team_shares_a_project_and_nobody_else_reads_it(door: Door) -> None:
    for name in ("ann", "bo", "eve"):
        await door.user(name)
    await door.done("POST", "/api/projects", "ann", id="web", name="网店", isolation_mode="relaxed")
    kept = await door.done("POST", "/api/memory/add", "ann", content="the code is tabs", project_id="web")
    memory_id = kept["data"]["memory_id"]
    await door.done("POST", "/api/memory/add", "ann", content="my own diary")
    assert await door.found("ann") == {"the code is tabs", "my own diary"}
    refused(await door.ask("POST", "/api/memory/search", "bo", query="tabs", project_id="web"), 403, "denied")
    refused(await door.ask("GET", f"/api/memory/{memory_id}", "eve"), 404, "not_found")
    await door.done("POST", "/api/projects/web/members", "ann", user_id="bo", right="READ")
    assert await door.found("bo", project_id="web") == {"the code is tabs"}
    assert await door.found("bo") == set()  # asked for his own
    assert await door.found("bo", user_id="ann") == {"the code is tabs"}  # and of hers what is shared
    refused(await door.ask("POST", "/api/memory/add", "bo", content="x", project_id="web"), 403, "denied")
    refused(await door.ask("DELETE", f"/api/memory/{memory_id}", "bo"), 403, "denied")
    assert [one["user_id"] for one in (await door.done("GET", "/api/projects/web/members", "bo"))["members"]] == [
        "ann",
        "bo",
    ]
    refused(await door.ask("GET", "/api/projects/web", "eve"), 404, "not_found")
    refused(await door.ask("DELETE", "/api/projects/web", "bo"), 403, "denied")
    refused(await door.ask("DELETE", "/api/projects/web/members/ann", "ann"), 409, "conflict")
    await door.done("DELETE", "/api/projects/web/members/bo", "bo")
    refused(await door.ask("POST", "/api/memory/search", "bo", query="tabs", project_id="web"), 403, "denied")


async def test_a_service_reaches_its_projects_and_no_further(door: Door) -> None:
    for project in ("web", "lab"):
        await door.done("POST", "/api/projects", id=project)
        await door.done("POST", "/api/memory/add", content=f"{project} fact", project_id=project, user_id="zoe")
    await door.service("ci", web="WRITE")
    assert await door.found("ci", project_id="web") == {"web fact"}
    refused(await door.ask("POST", "/api/memory/search", "ci", query="x", project_id="lab"), 403, "denied")
    await door.done("POST", "/api/memory/add", "ci", content="built", project_id="web", user_id="anybody")
    for method, path in (
        ("GET", "/api/jobs"),
        ("GET", "/metrics"),
        ("GET", "/api/users"),
        ("POST", "/api/jobs/retry"),
    ):
        refused(await door.ask(method, path, "ci"), 403, "denied")
    export = await door.client.get("/api/export", params={"project_id": "web"}, headers=bearer(door.tokens["ci"]))
    assert "web fact" in export.text
    assert "lab fact" not in (await door.client.get("/api/export", headers=bearer(door.tokens["ci"]))).text
    answer = await door.ask("POST", "/api/tokens", "ci", name="more", rights={"lab": "READ"})
    refused(answer, 403, "denied")


async def test_mem0s_routes_and_the_graph_keep_to_the_same_decision(door: Door) -> None:
    for name in ("ann", "bo"):
        await door.user(name)
        await door.done("POST", "/api/memory/add", name, content=f"{name} met Wilhelmina on Friday")
    everybody = {"filters": {"user_id": "*"}, "query": "Wilhelmina"}
    answer = await door.done("POST", "/v3/memories/search/", "ann", **everybody)
    assert {item["memory"] for item in answer["results"]} == {"ann met Wilhelmina on Friday"}
    listed = await door.done("GET", "/v1/entities/", "bo")
    assert {item["name"] for item in listed["results"] if item["type"] == "user"} == {"bo"}
    refused(
        await door.ask("POST", "/mem0-oss/search", "ann", query="x", filters={"user_id": "bo", "app_id": "default"}),
        403,
        "denied",
    )
    assert (await door.done("GET", "/v1/events/", "bo"))["count"] == 0
    assert {one["user_id"] for one in (await door.done("GET", "/api/graph/entities", "bo"))["entities"]} <= {"bo"}
    page = await door.client.get(
        "/api/events", headers={**bearer(door.tokens["bo"]), "accept": "application/json"}, params={"after": 0}
    )
    assert {one["user_id"] for one in page.json()["events"]} == {"bo"}


async def test_a_token_is_told_once_and_ends_when_it_is_revoked(door: Door) -> None:
    await door.user("ann")
    shown = await door.ask("GET", "/api/tokens", "ann")
    (mine,) = shown.json()["tokens"]
    assert door.tokens["ann"] not in shown.text
    assert mine["user_id"] == "ann"
    assert mine["used_at"] is not None
    await door.done("DELETE", f"/api/tokens/{mine['id']}", "ann")
    answer = await door.ask("GET", "/api/projects", "ann")
    assert answer.status_code in {401, 403}  # what is held of tokens may be two seconds old; the decision never is


async def test_wrong_requests_are_told_what_is_wrong(door: Door) -> None:
    await door.user("ann")
    refused(await door.ask("POST", "/api/projects", "ann", id="default"), 400, "invalid_input")
    refused(await door.ask("POST", "/api/projects", "ann", id="web", isolation_mode="loose"), 400, "invalid_input")
    await door.done("POST", "/api/projects", "ann", id="web")
    refused(await door.ask("POST", "/api/projects", "ann", id="web"), 409, "conflict")
    refused(
        await door.ask("POST", "/api/projects/web/members", "ann", user_id="ann", right="KING"), 400, "invalid_input"
    )
    refused(
        await door.ask("POST", "/api/projects/web/members", "ann", user_id="nobody", right="READ"), 404, "not_found"
    )
    refused(
        await door.ask("POST", "/api/projects/web/grants", "ann", user_id="ann", right="READ", until="2001-01-01"),
        400,
        "invalid_input",
    )
    refused(await door.ask("POST", "/api/tokens", "ann", name="x"), 400, "invalid_input")
    refused(await door.ask("POST", "/api/projects/web/merge", "ann", into="web"), 400, "invalid_input")
