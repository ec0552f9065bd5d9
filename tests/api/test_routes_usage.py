"""`GET /api/usage` tells what models took, by model, day and project, and how today's budget stands."""

from __future__ import annotations

from datetime import timedelta

import httpx

from recollect import AsyncMemory
from recollect.models import Usage


async def test_calls_are_added_up_by_model_and_by_day_and_project(
    client: httpx.AsyncClient, memory: AsyncMemory
) -> None:
    now = memory.app.engine.now()
    await memory.app.engine.stores.records.spend(
        [
            Usage(now - timedelta(days=1), "extract", "x/a", 10, 5, 0.5, 20.0, "web", "answered"),
            Usage(now, "extract", "x/a", 20, 5, 0.25, 20.0, "web", "answered"),
            Usage(now, "extract", "x/a", 0, 0, 0.0, 20.0, "api", "failed"),
            Usage(now, "extract", "x/a", project_id="api", outcome="cached"),
            Usage(now, "inject", "claude-code", 900, 90, project_id="api"),
        ]
    )
    told = (await client.get("/api/usage")).json()
    assert [row["outcome"] for row in told["usage"]] == ["", "cached", "failed", "answered", "answered"]
    model = {"purpose": "extract", "provider": "x/a", "calls": 3, "failed": 1, "cached": 1}
    assert told["totals"][0] == {**model, "tokens_in": 30, "tokens_out": 10, "cost": 0.75}
    days = [(row["day"], row["project_id"], row["calls"], row["cost"]) for row in told["days"]]
    today, yesterday = now.date().isoformat(), (now - timedelta(days=1)).date().isoformat()
    assert days == [(today, "web", 1, 0.25), (today, "api", 1, 0.0), (yesterday, "web", 1, 0.5)]
    assert told["budget"] == {
        "tokens": 25,
        "cost": 0.25,
        "most_tokens": 10_000_000,
        "most_cost": 5.0,
        "spent": False,
    }
    web = (await client.get("/api/usage", params={"project_id": "web"})).json()
    assert [row["project_id"] for row in web["usage"]] == ["web", "web"]
