"""A task that names a local model is done by it, from the settings to the usage that is noted; else by the next one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.providers.llama.tiny import tiny_gguf

from recollect import AsyncMemory
from recollect.app.llama import folder_of, keeper, local_chat, usable
from recollect.errors import ConfigError
from recollect.exchange import Asking
from recollect.providers.llama.keeper import GIGABYTE
from recollect.settings import LocalSettings, load
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.model_server import model_server, plain

SCHEMA = {
    "type": "object",
    "properties": {"tier": {"enum": ["quick", "archive"]}},
    "required": ["tier"],
    "additionalProperties": False,
}


def asking() -> Asking:
    messages = [{"role": "user", "content": "Sort this: the build is green. 归类：构建成功。"}]
    return Asking("classification", "classify", messages, schema=SCHEMA, limit=200)


def settings(folder: Path, **more: Any) -> dict[str, Any]:
    local = {"models_dir": str(folder), "threads": 1, "context": 1024, **more.pop("local", {})}
    return {"local": local, "models": {"tasks": {"classification": {"model": "local/tiny", **more}}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pytest.importorskip("llama_cpp", reason='llama.cpp is not installed: pip install "recollect[llama]" compiles it')
    tiny_gguf(tmp_path / "tiny.gguf")
    return tmp_path


async def test_a_task_is_done_by_a_model_of_this_process(home: Path, folder: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=settings(folder)) as memory:
        answered = await memory.app.models.ask(asking())
        assert answered is not None
        assert answered.data["tier"] in {"quick", "archive"}
        assert answered.model == "local/tiny"
        await memory.app.models.settled()
        (usage,) = await memory.app.engine.stores.records.usage()
        assert (usage.purpose, usage.provider, usage.cost) == ("classify", "local/tiny", 0.0)
        assert usage.tokens_in > 20
        again = await memory.app.models.ask(asking())
        assert again is not None
        assert again.cached


async def test_a_model_that_does_not_fit_leaves_the_task_to_the_next_one(home: Path, folder: Path) -> None:
    with model_server() as server:
        server.usually(plain({"tier": "archive"}))
        chosen = settings(folder, fallbacks="ollama/m", local={"max_memory_gb": 0.01})
        chosen["models"]["providers"] = {"ollama": {"base_url": server.openai}}
        async with AsyncMemory(home, embed=FakeEmbedder(), settings=chosen) as memory:
            answered = await memory.app.models.ask(asking())
            assert answered is not None
            assert (answered.model, answered.data) == ("ollama/m", {"tier": "archive"})


async def test_without_another_one_the_rules_do_it(home: Path, folder: Path) -> None:
    (folder / "tiny.gguf").write_bytes(b"GGUFoops")
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=settings(folder)) as memory:
        assert await memory.app.models.ask(asking()) is None
        kept = await memory.add("We decided to ship on Friday")
        await memory.drain()
        assert (await memory.search("ship"))[0].memory.id == kept.id


async def test_models_that_tasks_name_can_be_ready_from_the_start(home: Path, folder: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=settings(folder, local={"warm_up": True})) as memory:
        async with asyncio.timeout(60):
            assert memory.app._warming is not None
            await memory.app._warming
        answered = await memory.app.models.ask(asking())
        assert answered is not None


def test_settings_of_older_systems_name_models_memory_and_folder(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    (home / "recollect.yaml").write_text(
        "mini_llm:\n  local_models:\n    enabled: true\n    models_dir: ./models\n"
        "    default_model: qwen2.5-1.5b-instruct\n    max_memory_gb: 3.5\n",
        encoding="utf-8",
    )
    found = load(home, environ={}).settings
    assert found.local.default_model == "qwen2.5-1.5b-instruct"
    assert keeper(found).limits.memory == int(3.5 * GIGABYTE)
    assert folder_of(load(tmp_path, environ={}).settings) == tmp_path / "models" / "gguf"


def test_a_local_model_that_cannot_be_is_told_when_the_settings_are_read(home: Path, tmp_path: Path) -> None:
    found = load(home, {"local": {"enabled": False, "models_dir": str(tmp_path)}}, environ={}).settings
    tiny_gguf(tmp_path / "tiny.gguf")
    assert not usable(found, "tiny")
    with pytest.raises(ConfigError, match=r"local\.enabled is false"):
        local_chat(keeper(found), "tiny", LocalSettings(enabled=False))  # type: ignore[call-arg]
