"""`recollect usage` adds up what was told and what models cost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from tests.cli.conftest import Run

from recollect import AsyncMemory
from recollect.clock import SystemClock
from recollect.models import Usage

NOW = SystemClock().now()
SPENT = [
    Usage(NOW, "inject", "claude-code", 9000, 400, project_id="web"),
    Usage(NOW, "inject", "claude-code", 1000, 100, project_id="web"),
    Usage(NOW, "inject", "codex", 10, 5, project_id="api"),
    Usage(NOW, "chat", "small", 7, 8, 0.25, project_id="web", outcome="failed"),
    Usage(NOW, "chat", "small", project_id="web", outcome="cached"),
    Usage(NOW - timedelta(days=40), "chat", "small", 7, 8, 99.0, project_id="web"),
]


async def _spend(home: Path) -> None:
    async with AsyncMemory(home, worker=False) as memory:
        await memory.app.engine.stores.records.spend(SPENT)


def test_what_was_told_and_what_models_cost_is_added_up(recollect: Run, home: Path) -> None:
    asyncio.run(_spend(home))
    found = recollect("usage", "--json").json
    assert found["told"] == [
        {"project_id": "web", "client": "claude-code", "calls": 2, "tokens_in": 10_000, "tokens_out": 500, "cost": 0},
        {"project_id": "api", "client": "codex", "calls": 1, "tokens_in": 10, "tokens_out": 5, "cost": 0},
    ]
    assert found["models"] == [
        {
            "purpose": "chat",
            "model": "small",
            "calls": 1,
            "failed": 1,
            "cached": 1,
            "tokens_in": 7,
            "tokens_out": 8,
            "cost": 0.25,
        }
    ]
    (day,) = found["by_day"]
    assert (day["day"], day["project_id"], day["calls"], day["cached"]) == (NOW.date().isoformat(), "web", 1, 1)
    assert found["budget"]["tokens"] == 15
    assert "from cache" in recollect("usage").out
    assert "10,000" in recollect("usage").out
    assert "99" in recollect("usage", "--days", "60").out
    assert recollect("usage", "--project", "api", "--json").json["models"] == []


def test_nothing_spent_is_told_plainly(recollect: Run) -> None:
    said = recollect("usage").out
    assert "nothing was told" in said
    assert "it cost nothing" in said
