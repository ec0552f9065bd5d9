"""Paths, communities and times over HTTP."""

from __future__ import annotations

import httpx

from recollect.library import AsyncMemory

TOLD = ("Ann works at Acme.", "Bo works at Acme.", "Bo lives in Berlin.", "Zed lives in Zagreb.")


async def _tell(client: httpx.AsyncClient, memory: AsyncMemory, *texts: str) -> None:
    for text in texts or TOLD:
        turn = {"role": "user", "speaker": text.split()[0], "content": text}
        await client.post("/api/capture", json={"turns": [turn], "project_id": "web", "user_id": "al"})
    await memory.drain()


async def test_a_path_leads_from_one_entity_to_another(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    await _tell(client, memory)
    asked = {"from": "ann", "to": "BERLIN", "user_id": "al"}
    told = (await client.get("/api/graph/paths", params=asked)).json()
    assert (told["from"], told["to"]) == ("ann", "BERLIN")
    (path,) = told["paths"]
    assert path["entities"] == ["Ann", "Acme", "Bo", "Berlin"]
    assert [one["predicate"] for one in path["relations"]] == ["works_at", "works_at", "lives_in"]
    assert (path["user_id"], path["project_id"]) == ("al", "web")
    for other in ({"hops": "2"}, {"user_id": "bob"}, {"to": "nobody"}, {"at": "1999-01-01", "to": "Zed"}):
        assert (await client.get("/api/graph/paths", params=asked | other)).json()["paths"] == [], other


async def test_communities_are_listed(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    await _tell(client, memory, "Ann works at Acme.", "Bo works at Acme.", "Zed lives in Zagreb.")
    (first, second) = (await client.get("/api/graph/communities?user_id=al")).json()["communities"]
    assert (first["size"], sorted(first["entities"])) == (3, ["Acme", "Ann", "Bo"])
    assert sorted(second["entities"]) == ["Zagreb", "Zed"]
    assert len((await client.get("/api/graph/communities?user_id=al&limit=1")).json()["communities"]) == 1
    assert (await client.get("/api/graph/communities?user_id=bob")).json() == {"communities": []}


async def test_relations_are_told_as_of_a_time(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    await _tell(client, memory)
    found = (await memory.list(user_id="al")).memories
    memory_id = next(item.id for item in found if "Berlin" in item.text)
    await client.patch(f"/api/memory/{memory_id}", json={"valid_to": "2020-01-01T00:00:00Z"})
    asked = {"name": "Berlin", "user_id": "al"}
    now = {**asked, "at": "2026-01-01T00:00:00Z"}
    assert len((await client.get("/api/graph/neighbours", params=asked)).json()["neighbours"]) == 1
    assert (await client.get("/api/graph/neighbours", params=now)).json()["neighbours"] == []


async def test_what_cannot_be_asked_is_named(client: httpx.AsyncClient) -> None:
    for asked, field in (
        ("paths?from=a", "to"),
        ("paths?from=&to=b", "from"),
        ("paths?from=a&to=b&hops=11", "hops"),
        ("paths?from=a&to=b&limit=0", "limit"),
        ("paths?from=a&to=b&at=soon", "at"),
        ("neighbours?name=a&at=soon", "at"),
        ("communities?limit=0", "limit"),
        ("communities?at=never", "at"),
    ):
        answer = await client.get(f"/api/graph/{asked}")
        assert answer.status_code in {400, 422}, asked
        assert field in answer.text, asked
