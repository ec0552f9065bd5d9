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
from recollect.testing.model_server import Failure, ModelServer, Vectors, model_server


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


def searched(server: ModelServer) -> dict[str, object]:
    """Return settings with an embedder of two servers, and a reranker."""
    return {
        "embedder": {
            "provider": "openai",
            "model": "e",
            "base_url": server.openai,
            "fallbacks": [{"base_url": server.openai, "model": "f"}],
        },
        "rerank": {"model": "r", "base_url": server.openai},
        "models": {"providers": {"x": {"base_url": server.openai}}, "tasks": {"completion": {"model": "x/a"}}},
    }


@pytest.mark.parametrize("store", [False, True])
async def test_embedders_and_rerankers_are_asked_too_with_a_store_or_without(
    tmp_path: Path, server: ModelServer, store: bool
) -> None:
    home = tmp_path / "home"
    settings = load(home, searched(server), {}).settings
    if store:
        async with AsyncMemory(home, embed=FakeEmbedder(), worker=False) as memory:
            await memory.add("The door is red")
    checks = await found(settings, models=True)
    asked = ["model x/a", "embedder e", "embedder e (fallback 1)", "reranker r"]
    assert {name: checks[name].status for name in asked} == dict.fromkeys(asked, Status.OK)
    assert [request.model for request in server.requests] == ["a", "e", "f", "r"]
    assert settings.database.exists() is store


async def test_what_fails_says_what_to_do(tmp_path: Path, server: ModelServer) -> None:
    server.usually(Failure(401), model="f")
    server.usually(Failure(503), model="r")
    checks = await found(load(tmp_path / "home", searched(server), {}).settings, models=True)
    assert checks["embedder e"].status is Status.OK
    assert checks["embedder e (fallback 1)"].status is Status.FAIL
    assert "key" in checks["embedder e (fallback 1)"].remedy
    assert checks["reranker r"].status is Status.WARN


async def test_a_fallback_that_is_another_model_is_found_out(tmp_path: Path, server: ModelServer) -> None:
    server.usually(Vectors([[1.0, 0.0]]), model="e")
    server.usually(Vectors([[0.0, 1.0]]), model="f")
    checks = await found(load(tmp_path / "home", searched(server), {}).settings, models=True)
    assert "another model" in checks["embedder e (fallback 1)"].detail
