"""The caches in memory, in the database, and one before the other keep the contract, and forget what others clear."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from recollect.ports import Cache
from recollect.providers.held_cache import FRESH, HeldCache, LayeredCache
from recollect.stores.sql.cache import SqlCache
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade
from recollect.testing.cache import CacheContract
from recollect.testing.clock import FakeClock

ROOM = 100_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def seconds(clock: FakeClock) -> Callable[[], float]:
    return lambda: clock.now().timestamp()


@pytest.fixture
def forward(clock: FakeClock) -> Callable[[float], None]:
    return clock.forward


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "r.db")
    upgrade(opened)
    yield opened
    await opened.close()


@pytest.fixture(params=["held", "sql", "layered"])
def cache(request: pytest.FixtureRequest, database: Database, clock: FakeClock, seconds: Callable[[], float]) -> Cache:
    held, sql = HeldCache(room=ROOM, clock=seconds), SqlCache(database, clock, room=ROOM)
    made: dict[str, Cache] = {"held": held, "sql": sql, "layered": LayeredCache(held, sql, clock=seconds)}
    return made[request.param]


class TestCaches(CacheContract):
    """All three."""


async def test_what_another_process_clears_is_forgotten_within_a_second(
    database: Database, clock: FakeClock, seconds: Callable[[], float]
) -> None:
    ours, theirs = (
        LayeredCache(HeldCache(room=ROOM, clock=seconds), SqlCache(database, clock, room=ROOM), clock=seconds)
        for _ in range(2)
    )
    await ours.set("a", b"one", ttl=60)
    await ours.settled()
    assert await theirs.get("a") == b"one"
    await theirs.clear()
    assert await theirs.get("a") is None
    clock.forward(FRESH)
    assert await ours.get("a") is None


async def test_what_is_kept_outlasts_the_process(database: Database, clock: FakeClock) -> None:
    await SqlCache(database, clock, room=ROOM).set("a", b"one", ttl=60)
    assert await SqlCache(database, clock, room=ROOM).get("a") == b"one"
