"""Searches read a real streaming replica, and the database itself where that is gone or behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import psycopg
import pytest
from tests.servers import Postgres, debian, postgres
from tests.standby import Standby, standby

from recollect import AsyncMemory
from recollect.stores.postgres.replica import Lag, Replica
from recollect.testing.embedder import FakeEmbedder

LAG = 1.0


@pytest.fixture(scope="module")
def primary() -> Iterator[Postgres]:
    with postgres(debian()) as server:
        yield server


@pytest.fixture(scope="module")
def follower(primary: Postgres) -> Iterator[Standby]:
    with standby(primary) as server:
        yield server


@pytest.fixture
async def store(primary: Postgres, follower: Standby, home: Path) -> AsyncMemory:
    return opened(primary.database(), follower, home)


def opened(url: str, follower: Standby, home: Path) -> AsyncMemory:
    name = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
    settings = {"store": {"url": url, "replica_url": follower.url(name), "replica_lag": LAG}}
    return AsyncMemory(home, settings=settings, embed=FakeEmbedder(), worker=False)


def reading(store: AsyncMemory) -> Replica:
    backing = store.app.database.searched._backing
    assert isinstance(backing, Replica)
    return backing


async def until(holds: Callable[[], bool]) -> None:
    with anyio.fail_after(60):
        while not holds():  # noqa: ASYNC110 - what happens in a server sets no event here
            await anyio.sleep(0.02)


async def say(store: AsyncMemory, text: str) -> None:
    await store.capture([{"role": "user", "content": text}], user_id="u")


async def found(store: AsyncMemory, text: str) -> bool:
    return text in [hit.memory.text for hit in await store.search(text, user_id="u", limit=50)]


async def appears(store: AsyncMemory, text: str) -> float:
    """Return the seconds until a search finds a text."""
    begun = time.monotonic()
    with anyio.fail_after(60):
        while not await found(store, text):  # noqa: ASYNC110 - what happens in a server sets no event here
            await anyio.sleep(0.02)
    return time.monotonic() - begun


def connections(server: Postgres) -> int:
    """Count our connections to a server."""
    with psycopg.connect(server.url(), autocommit=True) as door:
        row = door.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'recollect'").fetchone()
        assert row is not None
        return int(row[0])


async def test_searches_read_the_replica_and_writes_go_to_the_database(store: AsyncMemory, follower: Standby) -> None:
    async with store:
        await until(lambda: reading(store).good)
        await say(store, "zebra one")
        await appears(store, "zebra one")
        assert connections(follower) > 2, "besides the one that listens and the one that looks"
        with psycopg.connect(follower.url()) as door, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            door.execute("CREATE TABLE x (y int)")


async def test_a_replica_that_is_behind_is_passed_over_until_it_has_caught_up(
    store: AsyncMemory, follower: Standby
) -> None:
    async with store:
        await say(store, "zebra one")
        await appears(store, "zebra one")
        await until(lambda: reading(store).good)
        follower.hold_back(back=True)
        try:
            await say(store, "zebra two")
            assert not await found(store, "zebra two") or not reading(store).good
            await appears(store, "zebra two")
            assert not reading(store).good
            assert await found(store, "zebra one")
        finally:
            follower.hold_back(back=False)
        await until(lambda: reading(store).good)
        assert await found(store, "zebra two")


async def test_a_replica_without_the_tables_is_done_without(primary: Postgres, follower: Standby, home: Path) -> None:
    url = primary.database()
    await anyio.sleep(0.5)
    follower.hold_back(back=True)
    try:
        async with opened(url, follower, home) as store:
            await say(store, "zebra one")
            reading(store)._turn(good=True)
            assert await found(store, "zebra one")
            assert not reading(store).good
    finally:
        follower.hold_back(back=False)


async def test_a_replica_that_is_killed_is_done_without_and_taken_up_again(
    store: AsyncMemory, follower: Standby
) -> None:
    async with store:
        await say(store, "zebra one")
        await appears(store, "zebra one")
        await until(lambda: reading(store).good)
        follower.kill()
        try:
            assert await found(store, "zebra one")
            await say(store, "zebra two")
            assert await found(store, "zebra two"), "the database itself answers at once"
            assert not reading(store).good
        finally:
            follower.start()
        await until(lambda: reading(store).good)
        assert await found(store, "zebra two")


async def test_a_store_opens_while_its_replica_is_down(store: AsyncMemory, follower: Standby) -> None:
    follower.kill()
    try:
        async with store:
            await say(store, "zebra one")
            assert await found(store, "zebra one")
            assert not reading(store).good
    finally:
        follower.start()


def test_lag_is_counted_from_when_the_first_lacking_thing_was_seen() -> None:
    lag = Lag()
    assert lag.note(0.0, 100, 100) == 0
    assert lag.note(1.0, 200, 100) == 0
    assert lag.note(2.0, 300, 150) == 1
    assert lag.note(3.0, 300, 250) == 1, "what was written at two is lacking now"
    assert lag.note(4.0, None, 250) == 2, "nothing is known of the database, and the replica still lacks it"
    assert lag.note(5.0, 300, 300) == 0
