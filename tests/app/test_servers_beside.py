"""What the settings name is what is built; what cannot be reached is no reason not to start."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.redis_server import redis_server

from recollect.app import open_app
from recollect.errors import ConfigError
from recollect.library import AsyncMemory
from recollect.providers.held_cache import LayeredCache
from recollect.settings import load
from recollect.stores.redis.cache import RedisCache
from recollect.testing.embedder import FakeEmbedder

NOBODY = "127.0.0.1:9"
"""A port that nobody listens on."""


async def test_kept_answers_go_to_redis_and_leave_it_when_something_is_deleted(home: Path) -> None:
    with redis_server() as server:
        async with AsyncMemory(home, embed=FakeEmbedder(), settings={"redis": {"url": server.url}}) as memory:
            cache = memory.app.models._cache
            assert isinstance(cache, LayeredCache)
            assert isinstance(cache._back, RedisCache)
            await cache.set("answer", b"zebra", ttl=60)
            await cache.settled()
            with server.client() as beside:
                assert [name for name in beside.scan_iter() if b":value:" in name]
                item = await memory.add("the zebra password")
                await memory.delete(item.id)
                await memory.app.drain()
                assert not [name for name in beside.scan_iter() if b":value:" in name]


@pytest.mark.parametrize("scheme", ["qdrant", "https", "chroma"])
async def test_a_store_opens_writes_and_finds_while_its_servers_are_away(home: Path, scheme: str) -> None:
    settings = {"vectors": {"url": f"{scheme}://{NOBODY}"}, "redis": {"url": f"redis://{NOBODY}"}}
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=settings, worker=False) as memory:
        await memory.add("The cat sleeps on the piano")
        await memory.app.worker.once()
        hits = await memory.search("cat on the piano")
        assert [hit.memory.text for hit in hits] == ["The cat sleeps on the piano"]


async def test_qdrant_in_a_folder_of_this_process(home: Path, tmp_path: Path) -> None:
    settings = {"vectors": {"url": f"qdrant://{tmp_path}/index"}}
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=settings) as memory:
        await memory.add("The cat sleeps on the piano")
        await memory.app.drain()
        assert memory.app.indexed is not None
        assert await memory.app.indexed.index.count("fake") == 1


@pytest.mark.parametrize("url", ["qdrant://", "qdrant://host:port", "chroma://host:port", "chroma:///some/folder"])
def test_an_address_that_cannot_be_used_is_refused(home: Path, url: str) -> None:
    with pytest.raises(ConfigError):
        open_app(load(home, {"vectors": {"url": url}}, {}).settings)
