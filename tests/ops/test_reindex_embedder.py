"""Another embedder's vectors are made while searches go on by those in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from recollect import AsyncMemory
from recollect.errors import ConfigError
from recollect.ops.migrate.embedder import entered, with_embedder
from recollect.ops.reindex import drop_former, prepare
from recollect.settings import load
from recollect.testing.embedder import FakeEmbedder


def silent(done: int, total: int | None, note: str = "") -> None:
    """Hear nothing."""


async def held(memory: AsyncMemory) -> dict[str, int]:
    return dict((await memory.app.upkeep.condition(memory.app.engine.embed.model)).models)


async def test_the_embedder_is_changed_while_the_old_one_answers(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder("old")) as memory:
        await memory.add_all([{"text": f"lighthouse {number} is blue"} for number in range(30)], user_id="mei")
        await memory.drain()
        beside = AsyncMemory(home, embed=FakeEmbedder("new", 64), worker=False)
        made = await prepare(beside.app, silent)
        assert (made.model, made.made, made.vectors) == ("new", 30, 30)
        hits = await memory.search("lighthouse 7", user_id="mei", limit=3, explain=True)
        assert hits[0].memory.text == "lighthouse 7 is blue"
        await memory.add("written by the old one meanwhile", user_id="mei")
        await memory.drain()
        assert await held(memory) == {"old": 31, "new": 30}
        await beside.close()
    async with AsyncMemory(home, embed=FakeEmbedder("new", 64)) as memory:
        await memory.drain()
        assert await held(memory) == {"old": 31, "new": 31}, "what came in between is made up at the start"
        assert await drop_former(memory.app) == 31
        assert await held(memory) == {"new": 31}


def test_an_embedder_is_said_by_its_settings(tmp_path: Path) -> None:
    settings = load(tmp_path, {"embedder": {"api_key": "k", "provider": "openai", "base_url": "http://a"}}).settings
    then = with_embedder(settings, {"provider": "ollama", "model": "m", "base_url": "http://b", "batch": "8"})
    assert entered(settings, then) == {
        "embedder": {"provider": "ollama", "model": "m", "base_url": "http://b", "batch": 8}
    }
    assert entered(then, with_embedder(then, {})) == {
        "embedder": {"provider": None, "model": None, "base_url": None, "batch": None}
    }
    for wrong, said in (({"colour": "x"}, "knows no colour"), ({"provider": "x"}, "cannot be used")):
        with pytest.raises(ConfigError, match=said):
            with_embedder(settings, wrong)
