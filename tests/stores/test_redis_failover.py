"""The master of a watched Redis is killed, again and again, under load: answers stay right, and everything goes on."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import pytest
from limits import parse
from tests.redis_server import Watched, watched_redis

from recollect.api.guard import counts
from recollect.api.guard.counts import SharedCounts, shared_counts
from recollect.clock import SystemClock
from recollect.errors import StoreBusy
from recollect.stores.redis import turns, wake
from recollect.stores.redis.cache import RedisCache
from recollect.stores.redis.connect import connect, disconnect
from recollect.stores.redis.turns import RedisTurns
from recollect.stores.redis.wake import RedisWake

QUESTIONS = 40
PAUSE = 0.01
KINDS = ("kept", "asked", "counted", "woken")


@pytest.fixture
def watched() -> Iterator[Watched]:
    with watched_redis() as found:
        yield found


def right(question: str) -> bytes:
    """Return the one right answer to a question."""
    return hashlib.sha256(question.encode()).hexdigest().encode()


class Load:
    """One server's use of Redis: kept answers, turns, counts and wake-ups. What went well is counted, by kind."""

    def __init__(self, url: str, name: str) -> None:
        self.done: Counter[str] = Counter()
        self._client, self._others = connect(url, timeout=1), connect(url, timeout=1)
        self.cache = RedisCache(self._client, SystemClock(), prefix="test", room=1 << 20)
        self._turns = RedisTurns(self._client, prefix="test", lease=2)
        self.wake = RedisWake(self._others, prefix="test", heard=lambda: self.done.update(["woken"]))
        found = shared_counts(url, "test")
        assert found is not None
        self._counts: SharedCounts = found
        self._name, self._number, self.over = name, 0, False

    async def run(self) -> None:
        """Use it until it is over."""
        waking = asyncio.create_task(self.wake.run())
        try:
            async with asyncio.TaskGroup() as tasks:
                for use in (self._keep, self._ask, self._count):
                    tasks.create_task(self._again(use))
        finally:
            while not waking.done():
                waking.cancel()
                await asyncio.wait({waking}, timeout=1)
            await self._counts.aclose()
            await disconnect(self._client)

    async def _again(self, use: Callable[[str], Awaitable[None]]) -> None:
        while not self.over:
            self._number += 1
            try:
                await use(f"question {self._number % QUESTIONS}")
            except StoreBusy:
                self.done["away"] += 1
            await asyncio.sleep(PAUSE)

    async def _keep(self, question: str) -> None:
        kept = await self.cache.get(question)
        assert kept in {None, right(question)}, "nothing wrong is answered"
        if kept is None:
            await self.cache.set(question, right(question), ttl=60)
        else:
            self.done["kept"] += 1
        self.wake.wrote()

    async def _ask(self, question: str) -> None:
        told = await self._turns.take(question)
        assert told in {None, right(question)}, "nothing wrong is told"
        if told is None:
            await self._turns.tell(question, right(question))
        self.done["asked"] += 1

    async def _count(self, _: str) -> None:
        found = await self._counts.hit(parse("1000000/minute"), self._name)
        if found is not None:
            assert found[0]
            self.done["counted"] += 1


async def _all_go_on(loads: tuple[Load, ...]) -> None:
    """Wait until each load does each thing again."""
    for load in loads:
        load.done.clear()
    until = time.monotonic() + 90
    while missing := [kind for load in loads for kind in KINDS if not load.done[kind]]:
        assert time.monotonic() < until, f"not again: {missing}"
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("times", [1, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])])
async def test_failovers_under_load_end_nothing(times: int, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "REST", 0.2)
    monkeypatch.setattr(counts, "PATIENCE", 5.0)
    monkeypatch.setattr(wake, "PAUSE", 0.1)
    monkeypatch.setattr(turns, "LEFT", 1.0)
    loads = Load(watched.url, "one"), Load(watched.url, "two")
    running = [asyncio.create_task(load.run()) for load in loads]
    try:
        await _all_go_on(loads)
        for _ in range(times):
            await asyncio.to_thread(watched.fail_over)
            await _all_go_on(loads)
            assert not any(task.done() for task in running)
    finally:
        for load in loads:
            load.over = True
        await asyncio.wait_for(asyncio.gather(*running), 60)


async def test_what_was_kept_before_a_failover_is_answered_after_it(watched: Watched) -> None:
    client = connect(watched.url, timeout=2)
    cache = RedisCache(client, SystemClock(), prefix="test", room=9999)
    await cache.set("a", b"one", ttl=600)
    master = watched.master()
    (replica,) = (one for one in watched.pair if one is not master)
    with replica.client() as beside:
        async with asyncio.timeout(60):
            while beside.get("test:value:a") is None:  # noqa: ASYNC110 # Redis tells nobody
                await asyncio.sleep(0.02)
    await asyncio.to_thread(watched.fail_over)
    async with asyncio.timeout(60):
        while True:
            # The former master comes back empty and may be asked until it knows that it is none any more.
            with suppress(StoreBusy):
                if await cache.get("a") == b"one":
                    break
            await asyncio.sleep(0.05)
    await disconnect(client)
