"""`recollect doctor --models` asks each model one tiny question, and without it none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recollect import AsyncMemory
from recollect.ops.check import Check, Status
from recollect.ops.doctor import examine
from recollect.settings import Settings, load
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.model_server import Failure, ModelServer, model_server


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        yield running


@pytest.fixture
async def settings(tmp_path: Path, server: ModelServer) -> Settings:
    models = {
        "providers": {"x": {"base_url": server.openai}, "y": {"base_url": server.openai}},
        "tasks": {"completion": {"model": "x/a", "fallbacks": "y/b"}},
    }
    async with AsyncMemory(tmp_path, embed=FakeEmbedder(), worker=False) as memory:
        await memory.add("The door is red")
    return load(tmp_path, {"models": models, "embedder": {"provider": "none"}}, {}).settings


async def found(settings: Settings, *, models: bool) -> dict[str, Check]:
    return {check.name: check for check in await examine(settings, models=models)}


async def test_no_model_is_asked_without_being_told_to(settings: Settings, server: ModelServer) -> None:
    checks = await found(settings, models=False)
    assert checks["models"].detail == "x/a, y/b"
    assert "of 10,000,000 tokens today" in checks["budget"].detail
    assert server.requests == []


async def test_each_model_is_asked_one_tiny_question(settings: Settings, server: ModelServer) -> None:
    server.usually(Failure(401), model="b")
    checks = await found(settings, models=True)
    assert checks["model x/a"].status is Status.OK
    assert checks["model y/b"].status is Status.FAIL
    assert "key" in checks["model y/b"].remedy
    assert [request.model for request in server.requests] == ["a", "b"]


async def test_without_models_the_rules_are_said_to_do_everything(tmp_path: Path) -> None:
    async with AsyncMemory(tmp_path, embed=FakeEmbedder(), worker=False) as memory:
        await memory.add("The door is red")
    plain = load(tmp_path, {"embedder": {"provider": "none"}}, {}).settings
    assert (await found(plain, models=True))["models"].status is Status.OK
    wanted = load(tmp_path, {"embedder": {"provider": "none"}, "models": {"enabled": True}}, {}).settings
    assert (await found(wanted, models=True))["models"].status is Status.WARN
