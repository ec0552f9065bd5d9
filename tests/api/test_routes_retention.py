"""`/api/retention`: previews, runs and their undoing, for whoever looks after the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.guarded import BEARER, asking, guarded

from recollect.models import Run
from recollect.stores.sql.keep.retention import SqlRetention


@pytest.fixture
async def client(home: Path) -> AsyncIterator[httpx.AsyncClient]:
    home.mkdir()
    (home / "recollect.toml").write_text(
        '[[retention.policies]]\nname = "few"\naction = "delete"\nkeep_latest = 1\nkinds = ["note"]\n'
    )
    async with guarded(home, rate="off") as app, asking(app) as opened:
        yield opened


async def asked(client: httpx.AsyncClient, method: str, path: str, **json: Any) -> Any:
    answer = await client.request(method, path, headers=BEARER, json=json or None)
    assert answer.is_success, answer.text
    return answer.json()


async def test_a_run_is_previewed_done_listed_and_undone(client: httpx.AsyncClient) -> None:
    for text in ("A heron stands in the river", "苍鹭站在河里", "A mole digs below the lawn"):
        await asked(client, "POST", "/api/memory/add", content=text, user_id="bo")
    preview = await asked(client, "GET", "/api/retention/preview")
    (outlook,) = preview["policies"]
    assert (outlook["name"], outlook["action"], outlook["memories"]) == ("few", "delete", 2)
    assert set(preview) == {"policies", "total", "undo_days", "every", "next_at"}
    assert set(outlook["sample"][0]) == {
        "id", "kind", "text", "user_id", "project_id", "occurred_at", "importance",
    }  # fmt: skip
    (run,) = (await asked(client, "POST", "/api/retention/run", policy="few"))["runs"]
    assert (run["memories"], run["state"], run["undoable"]) == (2, "done", True)
    assert await asked(client, "GET", "/api/retention/runs") == {"runs": [run], "running": False}
    undone = await asked(client, "POST", f"/api/retention/runs/{run['id']}/undo")
    assert (undone["restored"], undone["kept"], undone["run"]["state"]) == (2, 0, "undone")
    again = await client.post(f"/api/retention/runs/{run['id']}/undo", headers=BEARER)
    assert (again.status_code, again.json()["success"]) == (409, False)


async def test_only_who_looks_after_the_store_may(client: httpx.AsyncClient) -> None:
    await asked(client, "POST", "/api/users", id="bo")
    token = (await asked(client, "POST", "/api/tokens", name="bo", user_id="bo"))["token"]
    headers = {"Authorization": f"Bearer {token}"}
    for method, path in (
        ("GET", "/api/retention/preview"),
        ("POST", "/api/retention/run"),
        ("GET", "/api/retention/runs"),
        ("POST", "/api/retention/runs/0123456789/undo"),
    ):
        assert (await client.request(method, path, headers=headers)).status_code == 403, path
        assert (await client.request(method, path)).status_code == 401, path


async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    for method, path in (
        ("GET", "/api/retention/preview?policy=none"),
        ("POST", "/api/retention/runs/0123456789/undo"),
    ):
        assert (await client.request(method, path, headers=BEARER)).status_code == 404, path
    answer = await client.post("/api/retention/run", headers=BEARER, json={"policy": 7})
    assert answer.status_code == 422


async def test_a_run_that_takes_longer_than_a_request_may_goes_on(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("A heron stands in the river", "苍鹭站在河里"):
        await asked(client, "POST", "/api/memory/add", content=text, user_id="bo")
    began, may_end, step = asyncio.Event(), asyncio.Event(), SqlRetention.step

    async def slow(self: SqlRetention, run: Run) -> Run | None:
        began.set()
        await may_end.wait()
        return await step(self, run)

    monkeypatch.setattr(SqlRetention, "step", slow)
    monkeypatch.setattr("recollect.api.routes.retention.PATIENCE", 0.05)
    answer = await client.post("/api/retention/run", headers=BEARER)
    assert (answer.status_code, answer.json()["running"]) == (202, True)
    await asyncio.wait_for(began.wait(), 60)
    (under_way,) = (await asked(client, "GET", "/api/retention/runs"))["runs"]
    assert (under_way["state"], under_way["policy"]) == ("running", "few")
    again = await client.post("/api/retention/run", headers=BEARER)
    assert (again.status_code, "GET /api/retention/runs" in again.text) == (409, True)
    assert (await asked(client, "GET", "/api/retention/runs"))["running"]
    may_end.set()
    async with asyncio.timeout(60):
        while (told := await asked(client, "GET", "/api/retention/runs"))["running"]:  # noqa: ASYNC110 - it is asked
            await asyncio.sleep(0.01)
    (ended,) = told["runs"]
    assert (ended["id"], ended["state"], ended["memories"]) == (under_way["id"], "done", 1)
