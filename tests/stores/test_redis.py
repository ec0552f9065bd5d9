"""Redis keeps what processes share: the cache's contract, turns, and what is when it is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from tests.redis_server import RedisServer, certificate, redis_folder, redis_server

from recollect.errors import ConfigError, StoreBusy
from recollect.ports import Cache
from recollect.stores.redis.cache import RedisCache
from recollect.stores.redis.connect import connect, disconnect
from recollect.stores.redis.turns import RedisTurns
from recollect.testing.cache import CacheContract
from recollect.testing.clock import FakeClock


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
async def client(server: RedisServer) -> AsyncIterator[Redis]:
    opened = connect(server.url, timeout=5)
    await opened.flushall()
    yield opened
    await opened.aclose()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def forward(clock: FakeClock) -> Callable[[float], None]:
    return clock.forward


@pytest.fixture
def cache(client: Redis, clock: FakeClock) -> Cache:
    return RedisCache(client, clock, prefix="test", room=100_000)


class TestCache(CacheContract):
    """The cache in Redis."""


async def test_clearing_leaves_no_byte_of_a_value_nor_of_a_turn(client: Redis, clock: FakeClock) -> None:
    cache, turns = RedisCache(client, clock, prefix="test", room=100_000), RedisTurns(client, prefix="test")
    await cache.set("a", b"zebra", ttl=60)
    assert await turns.take("q") is None
    await turns.tell("q", b"zebra")
    assert await turns.take("other") is None
    await cache.clear()
    await turns.tell("other", b"zebra")
    assert [name async for name in client.scan_iter()] == [b"test:epoch"]


async def test_one_asks_while_the_others_wait_for_its_answer(client: Redis) -> None:
    ours, theirs = RedisTurns(client, prefix="test"), RedisTurns(client, prefix="test")
    assert await ours.take("q") is None
    waiting = [asyncio.create_task(theirs.take("q")) for _ in range(5)]
    await asyncio.sleep(0.15)
    assert not any(task.done() for task in waiting)
    await ours.tell("q", "答案".encode())
    assert await asyncio.gather(*waiting) == ["答案".encode()] * 5


async def test_without_an_answer_the_next_one_asks(client: Redis) -> None:
    ours, theirs = RedisTurns(client, prefix="test"), RedisTurns(client, prefix="test")
    assert await ours.take("q") is None
    waiting = asyncio.create_task(theirs.take("q"))
    await asyncio.sleep(0.1)
    await ours.leave("q")
    assert await waiting is None
    await theirs.leave("q")


async def test_the_turn_of_a_process_that_died_is_over_soon_and_a_slow_one_keeps_its_own(client: Redis) -> None:
    ours, theirs = RedisTurns(client, prefix="test", lease=0.6), RedisTurns(client, prefix="test")
    assert await ours.take("q") is None
    waiting = asyncio.create_task(theirs.take("q"))
    await asyncio.sleep(1.2)
    assert not waiting.done()  # it is renewed
    _, holding = ours._mine["q"]
    holding.cancel()  # as if it had died
    assert await waiting is None
    await ours.tell("q", b"late")  # what comes too late is not told
    await theirs.tell("q", b"right")
    assert await ours.take("q") == b"right"


async def test_a_redis_that_is_away_is_told_as_such(clock: FakeClock) -> None:
    with redis_server() as mortal:
        client = connect(mortal.url, timeout=2)
        cache, turns = RedisCache(client, clock, prefix="test", room=9999), RedisTurns(client, prefix="test")
        await cache.set("a", b"one", ttl=60)
        mortal.kill()
        for call in (lambda: cache.get("a"), lambda: turns.take("q"), cache.clear, cache.epoch):
            with pytest.raises(StoreBusy, match=r"redis\.url"):
                await call()
        mortal.start()
        assert await cache.get("a") is None
        await cache.set("a", b"two", ttl=60)
        assert await cache.get("a") == b"two"
        await client.aclose()


@pytest.mark.parametrize("url", ["redis://host:port", "redis+sentinel://host:26379", "redis+sentinel://host:x/m"])
def test_an_address_that_cannot_be_read_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"redis\.url"):
        connect(url, timeout=1)


async def test_tls_is_spoken_and_an_unknown_certificate_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    certificate(tmp_path)
    with redis_folder() as folder:
        server = RedisServer(folder, tls=tmp_path)
        try:
            server.start()
            client, stranger = connect(server.url, timeout=5), connect(server.url.partition("?")[0], timeout=5)
            cache = RedisCache(client, clock, prefix="test", room=9999)
            await cache.set("a", b"one", ttl=60)
            assert await cache.get("a") == b"one"
            with pytest.raises(StoreBusy):
                await RedisCache(stranger, clock, prefix="test", room=9999).get("a")
            for opened in (client, stranger):
                await disconnect(opened)
        finally:
            server.kill()
