"""Health is told to anyone, in time, and without a word about whose memories are here."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.api.guard.guards import Door
from recollect.api.watch import health as parts
from recollect.errors import ProviderFailed, StoreBusy
from recollect.models import Embedding
from recollect.ops import health as looked
from recollect.settings import load
from recollect.testing.embedder import FakeEmbedder
from recollect.version import __version__


@pytest.fixture
async def memory(home: Path) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(home, embed=FakeEmbedder()) as opened:
        yield opened


@pytest.fixture
def app(memory: AsyncMemory) -> FastAPI:
    return create_app(memory, memory.app.settings)


def asking(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:37777")


async def test_health_has_the_form_that_clients_know_and_every_part(app: FastAPI) -> None:
    async with asking(app) as client:
        answer = await client.get("/health")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["version"]) == ("healthy", __version__)
    assert abs(told["timestamp"] - time.time()) < 5
    assert told["components"].keys() == {"store", "worker", "embedder", "disk"}
    for part in told["components"].values():
        assert part["status"] == "healthy"
        assert part["latency_ms"] >= 0


async def test_health_needs_no_token_and_tells_no_secret(memory: AsyncMemory, home: Path) -> None:
    app = create_app(memory, memory.app.settings, door=Door("127.0.0.1"))
    await memory.add("the launch is on Friday", user_id="alice-the-user", project_id="apollo")
    async with asking(app) as client:
        for path in ("/health", "/health/live", "/health/ready"):
            answer = await client.get(path)
            assert answer.status_code == 200
            assert not any(word in answer.text for word in ("alice", "apollo", "Friday", str(home), "recollect.db"))


async def test_a_server_that_is_starting_lives_but_is_not_ready(home: Path, memory: AsyncMemory) -> None:
    app = create_app(None, load(home).settings, door=Door("127.0.0.1"))
    async with asking(app) as client:
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 503
        told = await client.get("/health")
        assert (told.status_code, told.json()["status"]) == (503, "starting")
        app.state.memory, app.state.ready = memory, True
        assert (await client.get("/health/ready")).json() == {"status": "ready"}
        assert (await client.get("/health")).json()["status"] == "healthy"


async def test_health_needs_none_of_what_a_server_sets(app: FastAPI) -> None:
    del app.state.ready, app.state.started
    async with asking(app) as client:
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 200


async def test_missing_weights_are_a_degraded_server_that_searches_by_words(home: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    memory = AsyncMemory(home, settings={"embedder": {"weights": str(empty)}})
    async with memory, asking(create_app(memory, memory.app.settings)) as client:
        told = await client.get("/health")
        assert (told.status_code, told.json()["status"]) == (200, "degraded")
        part = told.json()["components"]["embedder"]
        assert (part["status"], part["weights"], part["search"]) == ("degraded", "missing", "words")
        assert (await client.get("/health/ready")).status_code == 200


async def test_no_embedder_and_one_that_does_not_answer_are_told(home: Path) -> None:
    class Failing(FakeEmbedder):
        async def embed(self, texts: Sequence[str]) -> list[Embedding]:
            raise ProviderFailed("no route")

    async with AsyncMemory(home, embed=Failing()) as memory:
        await memory.search("anything")
        async with asking(create_app(memory, memory.app.settings)) as client:
            part = (await client.get("/health")).json()["components"]["embedder"]
            assert (part["status"], part["search"]) == ("degraded", "words")
    memory = AsyncMemory(home, settings={"embedder": {"provider": "none"}})
    async with memory, asking(create_app(memory, memory.app.settings)) as client:
        assert (await client.get("/health")).json()["components"]["embedder"]["weights"] == "none"


async def test_parked_jobs_and_a_worker_that_stands_still_are_told(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), worker=False) as memory:
        await memory.add("a note")
        queue = memory.app.engine.stores.queue
        (job, *_) = await queue.claim("w", limit=1, lease=60)
        await queue.fail(job.id, "broken", retry_in=None)
        async with asking(create_app(memory, memory.app.settings)) as client:
            part = (await client.get("/health")).json()["components"]["worker"]
    assert part["status"] == "degraded"
    assert (part["running"], part["waiting"], part["parked"]) == (False, 1, 1)
    assert "broken" not in str(part)


async def test_a_store_that_fails_is_told_without_its_reasons(
    app: FastAPI, memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy() -> int:
        raise StoreBusy("held by /somewhere/secret.db")

    monkeypatch.setattr(memory.app.engine.stores.records, "head", busy)
    async with asking(app) as client:
        told = await client.get("/health")
        assert (told.status_code, told.json()["status"]) == (503, "unhealthy")
        assert told.json()["components"]["store"]["error"] == "store_busy"
        assert "secret" not in told.text
        assert (await client.get("/health/ready")).status_code == 503
        assert (await client.get("/health/live")).status_code == 200


async def test_a_store_that_hangs_does_not_hang_health(
    app: FastAPI, memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang() -> int:
        await asyncio.Event().wait()
        return 0

    monkeypatch.setattr(memory.app.engine.stores.records, "head", hang)
    monkeypatch.setattr(looked, "PATIENCE", 0.05)
    async with asking(app) as client:
        told = await asyncio.wait_for(client.get("/health"), 5)
    assert told.json()["components"]["store"]["error"] == "no_answer"


async def test_a_closed_store_is_unhealthy(home: Path) -> None:
    memory = AsyncMemory(home, embed=FakeEmbedder())
    app = create_app(memory, memory.app.settings)
    await memory.close()
    async with asking(app) as client:
        assert (await client.get("/health")).status_code == 503


async def test_asking_a_thousand_times_looks_once(
    app: FastAPI, memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0
    real = memory.app.engine.stores.records.head

    async def counting() -> int:
        nonlocal looked
        looked += 1
        return await real()

    monkeypatch.setattr(memory.app.engine.stores.records, "head", counting)
    monkeypatch.setattr(parts, "FRESH", 60.0)
    async with asking(app) as client:
        answers = await asyncio.gather(*(client.get("/health") for _ in range(200)))
    assert {answer.status_code for answer in answers} == {200}
    assert looked == 1


@pytest.mark.parametrize(("free", "status", "code"), [(1 << 30, "degraded", 200), (100 << 20, "unhealthy", 503)])
async def test_a_full_disk_is_told(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, free: int, status: str, code: int
) -> None:
    class Usage:
        def __init__(self) -> None:
            self.free = free

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage())
    async with asking(app) as client:
        told = await client.get("/health")
    assert (told.status_code, told.json()["status"]) == (code, status)
    assert told.json()["components"]["disk"]["free_mb"] == free >> 20
