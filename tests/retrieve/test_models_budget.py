"""A spent daily budget stops paid embedders and rerankers too; searching and capturing go on, and it is told once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory
from recollect.models import JobState
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.model_server import ModelServer, Request, Scores, Vectors, model_server

FAKE = FakeEmbedder(dimension=64)


def embedded(request: Request) -> Vectors:
    return Vectors([memoryview(FAKE.one(text).vector).cast("f").tolist() for text in request.body["input"]])


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        running.usually(embedded, model="e")
        running.usually(lambda request: Scores([0.5] * len(request.body["documents"])), model="r")
        yield running


def settings(server: ModelServer, **models: Any) -> dict[str, Any]:
    return {
        "worker": {"poll": 0.02},
        "embedder": {"provider": "openai", "model": "e", "base_url": server.openai, "patience": 60},
        "rerank": {"model": "r", "base_url": server.openai, "timeout": 60},
        "models": models,
    }


async def filled(memory: AsyncMemory) -> None:
    for number in range(3):
        await memory.add(f"The door number {number} is red", project_id="lantern")
    await memory.drain()


async def test_what_is_spent_is_noted_for_its_project(home: Path, server: ModelServer) -> None:
    priced = settings(server, prices={"e": [1.0, 0.0], "r": [1.0, 0.0]})
    async with AsyncMemory(home, settings=priced) as memory:
        await filled(memory)
        await memory.search("which door is red", project_id="lantern")
        await memory.search("which door is red", project_id="torch")
        await memory.app.models.settled()
        usage = await memory.app.engine.stores.records.usage()
    found = {(row.purpose, row.project_id) for row in usage}
    assert {("embedding", "lantern"), ("reranking", "lantern"), ("embedding", "torch")} >= found
    assert {("embedding", "lantern"), ("reranking", "lantern")} <= found
    assert all(row.cost > 0 for row in usage)


async def test_a_spent_budget_stops_embedders_and_rerankers_and_nothing_else(
    home: Path, server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    spent = settings(server, prices={"e": [1.0, 0.0], "r": [1.0, 0.0]}, budget={"tokens": 0})
    with caplog.at_level(logging.WARNING, "recollect.models"):
        async with AsyncMemory(home, settings=spent) as memory:
            await filled(memory)
            hits = await memory.search("door number 1", project_id="lantern", explain=True)
            assert "number 1" in hits[0].memory.text
            assert hits[0].parts["rerank_failed"] == 1.0
            jobs = await memory.app.engine.stores.queue.jobs()
            assert {job.state for job in jobs} == {JobState.PARKED}
            assert (await memory.app.models.standing()).spent
    assert server.requests == []
    told = [record.getMessage() for record in caplog.records if record.name == "recollect.models"]
    assert told == [
        "Today's budget for models is spent (0 tokens, $0.00). Nothing is lost: the offline rules go on until midnight "
        "UTC. See models.budget"
    ]
    async with AsyncMemory(home, settings=settings(server)) as memory:  # as at midnight, when it begins anew
        await memory.drain()
        assert (await memory.app.upkeep.condition("e")).models == {"e": 3}


async def test_what_costs_nothing_on_this_machine_is_never_stopped(home: Path, server: ModelServer) -> None:
    async with AsyncMemory(home, settings=settings(server, budget={"tokens": 0, "dollars": 0})) as memory:
        await filled(memory)
        assert await memory.search("which door is red", project_id="lantern")
        assert (await memory.app.upkeep.condition("e")).models == {"e": 3}
    assert {request.model for request in server.requests} == {"e", "r"}
