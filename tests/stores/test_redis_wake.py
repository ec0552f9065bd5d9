"""What one process writes wakes the others over Redis; a Redis that comes and goes ends nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.redis_server import RedisServer, redis_server

from recollect.stores.redis.connect import connect
from recollect.stores.redis.wake import RedisWake


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@contextlib.asynccontextmanager
async def running(server: RedisServer, prefix: str = "test") -> AsyncIterator[tuple[RedisWake, asyncio.Event]]:
    heard = asyncio.Event()
    wake = RedisWake(connect(server.url, timeout=5), prefix=prefix, heard=heard.set)
    task = asyncio.create_task(wake.run())
    try:
        yield wake, heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_heard(wake: RedisWake, heard: asyncio.Event) -> None:
    """Write until the other has heard: nobody hears what is said before he listens."""
    async with asyncio.timeout(60):
        while not heard.is_set():
            wake.wrote()
            await asyncio.sleep(0.05)


async def test_the_others_are_woken_but_not_who_wrote_nor_who_has_another_store(server: RedisServer) -> None:
    async with running(server) as (one, own), running(server) as (_, other), running(server, "else") as (_, stranger):
        await until_heard(one, other)
        assert not own.is_set()
        assert not stranger.is_set()
        other.clear()
        await asyncio.to_thread(one.wrote)
        async with asyncio.timeout(60):
            await other.wait()


async def test_a_redis_that_was_away_is_taken_up_again(server: RedisServer) -> None:
    async with running(server) as (one, _), running(server) as (_, other):
        await until_heard(one, other)
        server.kill()
        one.wrote()
        await asyncio.sleep(0.1)
        other.clear()
        server.start()
        await until_heard(one, other)
