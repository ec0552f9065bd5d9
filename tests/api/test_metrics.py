"""Metrics count what happens, name it as dashboards know it, and never take a name from a request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain
from prometheus_client.samples import Sample

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.api.watch import kept
from recollect.api.watch.metrics import asks_for_text
from recollect.api.watch.scrape import quantile
from recollect.models import Usage
from recollect.testing.clock import START
from recollect.testing.embedder import FakeEmbedder

TEXT = {"Accept": "text/plain"}
SEEDS = [
    "recollect_hook_latency_ms",
    "recollect_observations_created_total",
    "recollect_observations_processing_time_ms",
    "recollect_search_latency_ms",
    "recollect_search_results_count",
    "recollect_worker_uptime_seconds",
    "recollect_worker_memory_usage_mb",
    "recollect_db_size_mb",
    "recollect_db_query_time_ms",
    "recollect_sessions_total",
    "recollect_sessions_active",
    "recollect_avg_observations_per_session",
    "recollect_tokens_used_total",
    "recollect_tokens_cost_usd",
    "recollect_observations_count",
    "recollect_vector_count",
]
"""What dashboards of older systems show, under this project's name."""


@pytest.fixture
async def memory(home: Path) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings={"worker": {"poll": 0.02}}) as opened:
        yield opened


@pytest.fixture
def app(memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    monkeypatch.setattr(kept, "SHARE", 0)
    made = create_app(memory, memory.app.settings)
    for one in made.state.counted:
        monkeypatch.setattr(one, "_seconds", 0.0)
    return made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:37777") as made:
        yield made


async def samples(client: httpx.AsyncClient) -> list[Sample]:
    answer = await client.get("/metrics", headers=TEXT)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return [sample for family in plain(answer.text) for sample in family.samples]


def value(found: list[Sample], name: str, **labels: str) -> float:
    (one,) = (sample.value for sample in found if sample.name == name and labels.items() <= sample.labels.items())
    return one


async def test_json_has_the_form_that_clients_know(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    await client.get("/health")
    await memory.add("Alice prefers tabs", user_id="alice")
    told = (await client.get("/metrics")).json()
    assert told["active_connections"] == 1
    assert told["total_requests"] == 2
    assert told["timestamp"] > 1.7e9
    assert told["memories_by_kind"]["note"] == told["memories"] == 1
    assert told["latency_ms"]["capture"]["p50"] <= told["latency_ms"]["capture"]["p99"]


async def test_every_figure_that_dashboards_know_is_there(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    done = await memory.capture(
        [{"role": "user", "content": f"We moved service {n} to Hetzner"} for n in range(3)], conversation_id="c1"
    )
    await client.get("/health")
    await memory.capture([{"role": "user", "content": "We use PostgreSQL now"}], conversation_id="c1")
    await memory.add("Alice prefers tabs")
    await memory.add("Alice prefers tabs")
    await memory.drain()
    await memory.search("tabs")
    await memory.search("")
    await memory.context("tabs")
    await memory.app.engine.stores.records.spend([Usage(START, "chat", "x", 100, 20, 0.25, outcome="answered")])
    await client.get("/health", headers={"X-Recollect-Hook": "SessionStart"})
    found = await samples(client)
    names = {sample.name for sample in found}
    for name in SEEDS:
        assert names & {name, f"{name}_bucket"}, name
    assert len(done.ids) == 3
    assert value(found, "recollect_observations_created_total") == 2
    assert value(found, "recollect_capture_latency_ms_count", way="turns") == 1
    assert value(found, "recollect_search_latency_ms_count", strategy="hybrid") == 1
    assert value(found, "recollect_search_latency_ms_count", strategy="recent") == 1
    assert value(found, "recollect_context_latency_ms_count", strategy="hybrid") == 1
    assert value(found, "recollect_jobs_done_total", job="embed", outcome="done") >= 1
    assert value(found, "recollect_memories", kind="turn") == 4
    assert value(found, "recollect_memories", kind="note") == 1
    total = sum(sample.value for sample in found if sample.name == "recollect_memories")
    assert value(found, "recollect_observations_count") == total
    assert value(found, "recollect_vector_count") >= 5
    assert value(found, "recollect_sessions_total") == 1
    assert value(found, "recollect_sessions_active") == 1
    assert value(found, "recollect_avg_observations_per_session") == 4
    assert value(found, "recollect_tokens_used_total") == 120
    assert value(found, "recollect_tokens_cost_usd") == 0.25
    assert value(found, "recollect_jobs_waiting") == value(found, "recollect_jobs_parked") == 0
    assert value(found, "recollect_db_size_mb") > 0.05
    assert value(found, "recollect_worker_memory_usage_mb") > 10
    assert value(found, "recollect_worker_uptime_seconds") > 0
    assert value(found, "recollect_listeners") == 0


async def test_a_search_without_an_embedder_is_one_by_words(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with AsyncMemory(home, settings={"embedder": {"provider": "none"}}) as memory:
        app = create_app(memory, memory.app.settings)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
            await client.get("/health")
            await memory.search("tabs")
            assert value(await samples(client), "recollect_search_latency_ms_count", strategy="words") == 1


async def test_what_fails_is_counted_as_failed_and_not_timed(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    await client.get("/health")
    with pytest.raises(Exception, match="limit"):
        await memory.search("tabs", limit=100_000)
    found = await samples(client)
    assert value(found, "recollect_failures_total", verb="search") == 1
    assert not [one for one in found if one.name == "recollect_search_latency_ms_count"]


async def test_labels_never_come_from_a_request(client: httpx.AsyncClient) -> None:
    for n in range(50):
        await client.get(f"/nothing/{n}?user_id=u{n}")
        await client.request(f"METHOD{n}", "/health", headers={"X-Recollect-Hook": f"Hook{n}"})
    found = await samples(client)
    routes = {one.labels["route"] for one in found if one.name == "recollect_http_requests_total"}
    methods = {one.labels["method"] for one in found if one.name == "recollect_http_requests_total"}
    hooks = {one.labels["hook_type"] for one in found if one.name == "recollect_hook_latency_ms_count"}
    assert "unmatched" in routes
    assert len(routes) <= 3
    assert methods <= {"GET", "OTHER"}
    assert hooks == {"other"}


async def test_hooks_are_timed_by_what_they_say_or_by_their_request(client: httpx.AsyncClient) -> None:
    for given in ("12.5", None, "nan", "-1", "inf", "1e99", "soon", "9" * 400):
        headers = {"X-Recollect-Hook": "PostToolUse"} | ({} if given is None else {"X-Recollect-Hook-Ms": given})
        assert (await client.get("/health/live", headers=headers)).status_code == 200
    found = await samples(client)
    assert value(found, "recollect_hook_latency_ms_count", hook_type="post_tool_use") == 3
    assert 12.5 <= value(found, "recollect_hook_latency_ms_sum", hook_type="post_tool_use") < 1000


async def test_requests_are_counted_by_route_method_and_status(client: httpx.AsyncClient) -> None:
    await client.get("/health/live")
    await client.get("/health/live")
    await client.get("/api/events", params={"limit": 0})
    found = await samples(client)
    assert value(found, "recollect_http_requests_total", route="/health/live", method="GET", status="200") == 2
    assert value(found, "recollect_http_requests_total", route="/api/events", method="GET", status="422") == 1
    assert value(found, "recollect_http_request_ms_count", route="/health/live", method="GET") == 2
    assert value(found, "recollect_http_requests_active") == 1


async def test_open_metrics_can_be_read_too(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    await memory.search("anything")
    prometheus = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    answer = await client.get("/metrics", headers={"Accept": prometheus})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    names = {family.name for family in openmetrics(answer.text)}  # type: ignore[no-untyped-call]
    assert names > {"recollect_search_latency_ms", "recollect_listeners"}


@pytest.mark.parametrize(
    ("accept", "text"),
    [
        ("text/plain", True),
        ("TEXT/PLAIN; version=0.0.4", True),
        ("application/openmetrics-text", True),
        ("text/plain;q=0.5, application/json;q=0.4", True),
        ("application/json, text/plain, */*", False),
        ("text/plain;q=0", False),
        ("text/plain;q=x", False),
        ("text/html,*/*", False),
        ("*/*", False),
        ("", False),
        (";;,,;q=,", False),
    ],
)
def test_the_form_follows_what_is_asked_for(accept: str, text: bool) -> None:
    assert asks_for_text(accept) is text


async def test_two_applications_have_figures_of_their_own(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    other = create_app(memory, memory.app.settings)
    await client.get("/health")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=other), base_url="http://localhost") as second:
        assert (await second.get("/metrics")).json()["total_requests"] == 1
    assert not [family for family in REGISTRY.collect() if family.name.startswith("recollect")]


async def test_scrapes_at_the_same_time_count_the_store_once(
    app: FastAPI, client: httpx.AsyncClient, memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.counted[0], "_seconds", 60.0)
    asked = 0
    real = memory.app.upkeep.census

    async def counting(since: Any) -> Any:
        nonlocal asked
        asked += 1
        return await real(since)

    monkeypatch.setattr(memory.app.upkeep, "census", counting)
    await asyncio.gather(*(client.get("/metrics", headers=TEXT) for _ in range(30)))
    assert asked == 1


async def test_a_store_that_counts_slowly_does_not_hold_up_a_scrape(
    client: httpx.AsyncClient, memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "WAITED", 0.05)
    done = asyncio.Event()
    real = memory.app.upkeep.census

    async def slow(since: Any) -> Any:
        await done.wait()
        return await real(since)

    monkeypatch.setattr(memory.app.upkeep, "census", slow)
    first = (await asyncio.wait_for(client.get("/metrics"), 5)).json()
    assert "memories" not in first
    assert first["total_requests"] == 1
    done.set()
    assert (await client.get("/metrics")).json()["memories"] == 0


def test_quantiles_are_estimated_as_prometheus_does() -> None:
    buckets = {10.0: 50.0, 20.0: 90.0, float("inf"): 100.0}
    assert quantile(buckets, 0.5) == 10
    assert quantile(buckets, 0.7) == 15
    assert quantile(buckets, 0.95) is None


async def test_the_docs_name_every_metric_with_its_type(client: httpx.AsyncClient) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    told = {(name, kind) for name, kind in re.findall(r"^\| `(recollect_\w+)` \| (\w+) \|", page, re.MULTILINE)}
    answer = await client.get("/metrics", headers=TEXT)
    real = set()
    for family in plain(answer.text):
        begun = family.type == "gauge" and family.name.endswith("_created")  # when a counter began
        if family.name.startswith("recollect_") and not begun:
            real.add((f"{family.name}_total" if family.type == "counter" else family.name, family.type))
    assert told == real
