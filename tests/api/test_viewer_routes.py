"""The small routes that only the viewer uses."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
from tests.api.guarded import BEARER, asking, guarded

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.api.routes.viewer_settings import effective
from recollect.api.routes.viewer_spending import added_up
from recollect.app.tables import tables_of
from recollect.meters import Deed
from recollect.models import Usage
from recollect.ops.backup.chosen import repository_of
from recollect.ops.backup.write import back_up
from recollect.settings import load
from recollect.testing.clock import START
from recollect.testing.embedder import FakeEmbedder


async def test_places_are_told_by_who_was_written_for_last(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    await memory.add("one", user_id="alice", project_id="web")
    await memory.add("two", user_id="bo", project_id="web")
    told = (await client.get("/api/viewer/places")).json()
    assert {one["name"]: one["memories"] for one in told["users"]} == {"alice": 1, "bo": 1}
    assert [(one["name"], one["memories"]) for one in told["projects"]] == [("web", 2)]
    assert told["head"] == 2


async def test_the_sample_comes_once_and_goes_as_a_whole(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    kept = await memory.add("mine")
    first = (await client.post("/api/viewer/demo")).json()
    assert first["new"] == first["turns"] > 300
    assert (await client.post("/api/viewer/demo")).json()["new"] == 0
    assert (await client.get("/api/viewer/demo")).json()["memories"] >= first["new"]
    assert (await client.delete("/api/viewer/demo")).json()["deleted"] >= first["new"]
    assert (await client.get("/api/viewer/demo")).json()["memories"] == 0
    assert (await memory.get(kept.id)).text == "mine"


async def test_the_sample_that_is_removed_while_it_comes_is_gone(client: httpx.AsyncClient) -> None:
    coming = asyncio.create_task(client.post("/api/viewer/demo"))
    while not (await client.get("/api/viewer/demo")).json()["memories"]:
        assert not coming.done()
    removed = (await client.delete("/api/viewer/demo")).json()["deleted"]
    assert removed >= (await coming).json()["new"]
    assert (await client.get("/api/viewer/demo")).json()["memories"] == 0


async def test_a_stream_of_one_client_has_all_of_it_and_nothing_else(
    client: httpx.AsyncClient, memory: AsyncMemory
) -> None:
    turns = [{"role": "user", "content": f"turn number {number}", "message_id": str(number)} for number in range(25)]
    await memory.capture(turns, conversation_id="c1", source="codex")
    await memory.capture([{"role": "user", "content": "from elsewhere"}], conversation_id="c2", source="cursor")
    found, cursor = [], None
    for _ in range(30):
        body = {"client": "codex", "limit": 10, "kinds": ["turn"], "cursor": cursor}
        told = (await client.post("/api/viewer/stream", json=body)).json()
        found += [one["content"] for one in told["memories"]]
        cursor = told["next_cursor"]
        if cursor is None:
            break
    assert found == [f"turn number {number}" for number in reversed(range(25))]


def test_settings_say_where_they_come_from(home: Path) -> None:
    present = load(home, {"server": {"port": 4711}}, environ={}).settings
    told = {one["name"]: one for one in effective(present)}
    assert (told["server.port"]["value"], told["server.port"]["origin"]) == ("4711", "argument")
    assert told["server.rate"]["origin"] == "default"


def test_spending_is_added_up_by_day_and_model() -> None:
    calls = [
        Usage(START, "chat", "m1", 10, 5, 0.5),
        Usage(START, "embed", "m1", 1, 0, 0.25),
        Usage(START, "chat", "m2"),
    ]
    told = added_up(calls)
    assert [(row["model"], row["calls"], row["tokens"], row["cost"]) for row in told] == [
        ("m1", 2, 16, 0.75),
        ("m2", 1, 0, 0.0),
    ]


async def test_the_doctor_is_asked_behind_the_door_only(home: Path) -> None:
    async with guarded(home) as app, asking(app) as client:
        for path in ("places", "settings", "doctor", "spending", "demo", "upkeep", "backups"):
            assert (await client.get(f"/api/viewer/{path}")).status_code == 401
        told = (await client.get("/api/viewer/doctor", headers=BEARER)).json()
        assert {"sqlite", "store"} <= {check["name"] for check in told["checks"]}


async def test_upkeep_tells_sizes_caches_and_the_exchange(home: Path) -> None:
    async with guarded(home) as app, asking(app) as client:
        (home / "logs").mkdir()
        (home / "logs" / "server.log").write_bytes(b"x" * 700)
        app.state.figures(Deed("cache", "answers", 0.0, 1))
        app.state.figures(Deed("cache", "answers", 0.0, 0))
        told = (await client.get("/api/viewer/upkeep", headers=BEARER)).json()
        assert told["caches"]["answers"] == {"hit": 1, "miss": 1}
        assert told["sizes"]["logs"] == 700
        assert told["sizes"]["database"] > 0
        assert told["sync"]["role"] == app.state.settings.node.role


async def test_backups_are_told_with_what_the_policy_keeps(home: Path, tmp_path: Path) -> None:
    policy = {"to": str(tmp_path / "backups"), "last": 1, "daily": 0, "weekly": 0, "monthly": 0}
    settings = load(home, {"backup": policy}, environ={}).settings
    async with (
        AsyncMemory(settings=settings, embed=FakeEmbedder()) as memory,
        asking(create_app(memory, settings)) as client,
    ):
        assert (await client.get("/api/viewer/backups")).json()["error"]
        repository = repository_of(settings.backup, create=True)
        for _ in range(2):
            await back_up(memory.app, tables_of(memory.app), repository, lambda *_: None)
        told = (await client.get("/api/viewer/backups")).json()
    assert [one["kept"] for one in told["backups"]] == [True, False]
    assert told["error"] is None
