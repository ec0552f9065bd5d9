"""Networks and servers that fail: errors are clear, nothing is written by half, and everything mends by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import psycopg
import pytest
import sqlalchemy as sa
from tests.proxy import Proxy, proxy
from tests.servers import Postgres, debian, postgres

from recollect import AsyncMemory
from recollect.errors import RecollectError, StoreBusy
from recollect.stores.postgres.server import PostgresServer
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade
from recollect.testing.embedder import FakeEmbedder

SETTINGS: dict[str, Any] = {"worker": {"poll": 0.05}}

WRITTEN = b"INSERT INTO change"


@pytest.fixture
def wire(postgres_server: Postgres) -> Iterator[Proxy]:
    with proxy(postgres_server.folder / ".s.PGSQL.5432") as running:
        yield running


@pytest.fixture
def url(postgres_url: str, wire: Proxy) -> str:
    """Return the way through the proxy to an empty database."""
    name = psycopg.conninfo.conninfo_to_dict(postgres_url)["dbname"]
    return f"postgresql://owner@127.0.0.1:{wire.port}/{name}?sslmode=disable&gssencmode=disable"


@pytest.fixture
async def store(url: str, home: Path) -> AsyncIterator[AsyncMemory]:
    settings = {**SETTINGS, "store": {"url": url, "timeout": 20}}
    async with AsyncMemory(home, settings=settings, embed=FakeEmbedder(), worker=False) as opened:
        yield opened


async def say(store: AsyncMemory, *texts: str) -> None:
    turns = [{"role": "user", "content": text, "message_id": text} for text in texts]
    await store.capture(turns, conversation_id="c", user_id="u")


async def texts(store: AsyncMemory) -> list[str]:
    return sorted(one.text for one in (await store.list(user_id="u", limit=100)).memories)


async def mended(store: AsyncMemory, text: str) -> None:
    """Wait until a write goes through."""
    with anyio.fail_after(60):
        while True:
            try:
                await say(store, text)
            except StoreBusy:
                await anyio.sleep(0.05)
            else:
                return


async def test_a_connection_cut_before_the_commit_arrives_leaves_nothing(store: AsyncMemory, wire: Proxy) -> None:
    await say(store, "first")
    wire.cut_at(b"COMMIT", after=WRITTEN, arrives=False)
    with pytest.raises(StoreBusy) as caught:
        await say(store, "zebra one", "zebra two", "zebra three")
    assert "lost" in caught.value.message or "reached" in caught.value.message
    assert "may safely be repeated" in str(caught.value.hint)
    assert await texts(store) == ["first"]
    await say(store, "zebra one", "zebra two", "zebra three")
    assert await texts(store) == ["first", "zebra one", "zebra three", "zebra two"]


async def test_a_connection_cut_after_the_commit_arrived_leaves_all_of_it_and_repeating_adds_nothing(
    store: AsyncMemory, wire: Proxy
) -> None:
    await say(store, "first")
    wire.cut_at(b"COMMIT", after=WRITTEN, arrives=True)
    with pytest.raises(StoreBusy):
        await say(store, "zebra one", "zebra two")
    with anyio.fail_after(30):  # the server may still be at it
        while len(await texts(store)) == 1:  # noqa: ASYNC110 - what happens in a server sets no event here
            await anyio.sleep(0.02)
    await say(store, "zebra one", "zebra two")
    assert await texts(store) == ["first", "zebra one", "zebra two"]


async def test_idle_connections_that_were_cut_are_made_again_unseen(store: AsyncMemory, wire: Proxy) -> None:
    await say(store, "zebra one")
    assert len(await store.search("zebra", user_id="u")) == 1
    for _ in range(3):
        assert wire.cut() > 0
        assert len(await store.search("zebra", user_id="u")) == 1
        assert await texts(store) == ["zebra one"]
    wire.cut()
    await mended(store, "zebra two")
    assert len(await store.search("zebra", user_id="u")) == 2


async def test_half_closed_connections_are_given_up(store: AsyncMemory, wire: Proxy) -> None:
    await say(store, "zebra one")
    wire.half_close()
    assert await texts(store) == ["zebra one"]
    await mended(store, "zebra two")
    assert await texts(store) == ["zebra one", "zebra two"]


async def test_a_slow_and_then_silent_network_only_takes_its_time(store: AsyncMemory, wire: Proxy) -> None:
    wire.delay = 0.01
    await say(store, "zebra one")
    wire.delay = 0.0
    wire.hold()
    writing = asyncio.create_task(say(store, "zebra two"))
    done, _ = await asyncio.wait([writing], timeout=0.3)
    assert not done
    wire.release()
    await writing
    assert await texts(store) == ["zebra one", "zebra two"]


async def test_nobody_answers_for_a_while(store: AsyncMemory, wire: Proxy) -> None:
    await say(store, "zebra one")
    wire.refusing = True
    wire.cut()
    with pytest.raises(StoreBusy) as caught:
        await say(store, "zebra two")
    assert caught.value.retryable
    with pytest.raises(StoreBusy):
        await store.list(user_id="u")
    wire.refusing = False
    assert await texts(store) == ["zebra one"]
    await mended(store, "zebra two")
    assert await texts(store) == ["zebra one", "zebra two"]


async def test_writes_under_a_network_that_is_cut_again_and_again_are_whole_or_not_there(
    store: AsyncMemory, wire: Proxy
) -> None:
    kept: list[str] = []

    async def write(name: str) -> None:
        for number in range(12):
            batch = [f"{name} {number} {part}" for part in "abc"]
            for _ in range(200):
                try:
                    await say(store, *batch)
                except StoreBusy:
                    await anyio.sleep(0.02)
                else:
                    kept.extend(batch)
                    break

    writing = [asyncio.create_task(write(name)) for name in ("one", "two")]
    while not all(task.done() for task in writing):
        wire.cut()
        await asyncio.wait(writing, timeout=0.1)
    await asyncio.gather(*writing)
    assert len(kept) == 72
    assert await texts(store) == sorted(kept), "nothing is missing, nothing is there twice or by half"


async def test_another_process_is_heard_again_after_a_cut(
    store: AsyncMemory, wire: Proxy, postgres_url: str, tmp_path: Path
) -> None:
    settings = {"store": {"url": postgres_url}}
    async with AsyncMemory(tmp_path / "other", settings=settings, embed=FakeEmbedder(), worker=False) as other:
        assert await store.search("zebra", user_id="u") == []
        wire.cut()
        await say(other, "zebra one")
        with anyio.fail_after(30):
            while not await store.search("zebra", user_id="u"):  # noqa: ASYNC110 - what happens in a server sets no event here
                await anyio.sleep(0.05)


async def test_a_statement_that_takes_too_long_is_ended_and_said_so(postgres_url: str) -> None:
    database = Database(PostgresServer(postgres_url, timeout=0.2))
    begun = time.monotonic()
    for working in (database.read, database.write):
        with pytest.raises(StoreBusy, match="took too long"):
            await working(lambda connection: connection.exec_driver_sql("SELECT pg_sleep(60)").scalar())
    assert time.monotonic() - begun < 30
    assert await database.read(lambda connection: connection.exec_driver_sql("SELECT 1").scalar()) == 1
    await database.close()


async def test_more_work_than_connections_waits_its_turn(postgres_url: str) -> None:
    database = Database(PostgresServer(postgres_url, writers=1, readers=1), readers=2)

    def work(connection: sa.Connection) -> int:
        return int(connection.exec_driver_sql("SELECT 1 FROM pg_sleep(0.005)").scalar_one())

    done = await asyncio.gather(*(database.write(work) for _ in range(30)), *(database.read(work) for _ in range(60)))
    assert sum(done) == 90
    await database.close()


async def test_a_server_without_room_for_connections_says_so_and_lets_in_later(postgres_server: Postgres) -> None:
    url = postgres_server.database()
    with psycopg.connect(url, autocommit=True) as door:
        door.execute("CREATE ROLE crowded LOGIN SUPERUSER")
        door.execute("ALTER ROLE crowded NOSUPERUSER CONNECTION LIMIT 1")
        name = door.info.dbname
        door.execute(f'ALTER DATABASE "{name}" OWNER TO crowded')
        mine = postgres_server.url(name, user="crowded")
        first = psycopg.connect(mine)
        database = Database(PostgresServer(mine))
        with pytest.raises(StoreBusy, match="too many connections") as caught:
            upgrade(database)
        assert caught.value.hint
        first.close()
        door.execute("ALTER ROLE crowded CONNECTION LIMIT 20")
        upgrade(database)
        await database.close()


async def test_a_server_that_is_restarted_in_good_order_is_found_again(home: Path) -> None:
    with postgres(debian()) as server:
        settings = {**SETTINGS, "store": {"url": server.database()}}
        async with AsyncMemory(home, settings=settings, embed=FakeEmbedder(), worker=False) as store:
            await say(store, "zebra one")
            server.stop()
            for asked in (store.list(user_id="u"), say(store, "zebra two")):
                with pytest.raises(RecollectError) as caught:
                    await asked
                assert caught.value.retryable
            server.start()
            await mended(store, "zebra two")
            assert await texts(store) == ["zebra one", "zebra two"]
            assert len(await store.search("zebra", user_id="u")) == 2
