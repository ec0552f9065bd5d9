"""What is particular to PostgreSQL: order among writers side by side, its errors, its schema, a replica's Backing."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.servers import Postgres
from tests.stores.conftest import Opener

from recollect import AsyncMemory
from recollect.errors import ConfigError, RecollectError, StoreBusy, StoreDamaged, StoreError, StoreReadOnly
from recollect.exchange import Batch
from recollect.models import Reach, Role, Scope, Where
from recollect.settings import load
from recollect.stores.postgres import server
from recollect.stores.postgres.cursor import Cursor
from recollect.stores.postgres.errors import translated
from recollect.stores.postgres.server import PostgresServer, server_url
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import HEAD, analysis_of, upgrade, version
from recollect.stores.sql.records import SqlRecords
from recollect.stores.sql.schema import metadata
from recollect.stores.sql.write import add_all, hold_tenants
from recollect.testing.clock import FakeClock
from recollect.testing.sample import entry, memory

OURS = frozenset(metadata.tables)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    opened = Database(PostgresServer(postgres_url))
    upgrade(opened)
    yield opened
    await opened.close()


def test_an_empty_database_is_brought_to_what_the_schema_describes(postgres_server: Postgres) -> None:
    database = Database(PostgresServer(postgres_server.database()))
    for _ in range(2):
        upgrade(database, analysis=7)

    def ours(_object: Any, name: str | None, sort: str, *_rest: Any) -> bool:
        return (sort != "table" or name in OURS) and name != "ix_chunk_terms"

    def differences(connection: sa.Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": False})
        return list(compare_metadata(context, metadata))

    assert database.read_now(differences) == []
    assert database.read_now(version) == HEAD
    assert database.read_now(analysis_of) == 7
    database.close_now()


@pytest.mark.parametrize("many", [False, True])
def test_who_stands_still_inside_a_transaction_is_thrown_out(postgres_url: str, *, many: bool) -> None:
    other = psycopg.connect(postgres_url, autocommit=True)
    standing = psycopg.connect(postgres_url, cursor_factory=Cursor)
    with contextlib.closing(other), contextlib.closing(standing):
        standing.execute("CREATE TEMPORARY TABLE kept (number int)")
        standing.execute("SET idle_in_transaction_session_timeout = 200")
        standing.commit()
        if many:
            standing.cursor().executemany("INSERT INTO kept VALUES (%s)", [(1,), (2,)])
        else:
            standing.cursor().execute("INSERT INTO kept VALUES (1)")
        pid = standing.info.backend_pid
        until(lambda: other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone() is None)
        with pytest.raises(StoreBusy, match="stood still"), translated():
            standing.commit()


def test_who_stands_still_in_the_middle_of_a_pipeline_is_thrown_out_by_whoever_waits(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LOCK_SECONDS", 1)
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.5)
    standing = psycopg.connect(postgres_url, application_name="recollect")
    database = Database(PostgresServer(postgres_url))
    with contextlib.closing(standing):
        standing.execute("SELECT pg_advisory_xact_lock(4711)")
        standing.pgconn.enter_pipeline_mode()
        standing.pgconn.send_query_params(b"SELECT 1", None)
        standing.pgconn.send_flush_request()
        standing.pgconn.flush()

        def locked(connection: sa.Connection) -> None:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(4711)")

        with pytest.raises(StoreBusy, match="kept what is written locked"):
            database.write_now(locked)
        database.write_now(locked)
    database.close_now()


def test_many_may_open_a_new_database_at_once(postgres_server: Postgres) -> None:
    url, failed = postgres_server.database(), []

    def opening() -> None:
        database = Database(PostgresServer(url))
        try:
            upgrade(database)
        except RecollectError as error:
            failed.append(error)
        finally:
            database.close_now()

    threads = [threading.Thread(target=opening) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_tables_of_others_are_let_alone_and_a_schema_of_something_else_is_refused(postgres_server: Postgres) -> None:
    url = postgres_server.database()
    with psycopg.connect(url, autocommit=True) as door:
        door.execute("CREATE TABLE public.memory (holiday text)")
        door.execute("CREATE SCHEMA photos")
        door.execute("CREATE TABLE photos.photo (name text)")
    database = Database(PostgresServer(url))
    upgrade(database)
    database.close_now()
    other = Database(PostgresServer(url, schema="photos"))
    with pytest.raises(StoreDamaged, match="something else"):
        upgrade(other)
    other.close_now()


async def test_the_log_is_read_no_further_than_what_can_still_come(database: Database) -> None:
    records, clock = SqlRecords(database, FakeClock()), FakeClock()
    await records.commit(Batch(adds=[entry(memory("first"))]))
    written, go_on = threading.Event(), threading.Event()

    def slow(connection: sa.Connection) -> None:
        batch = Batch(adds=[entry(memory("slow", Scope("slow", "p")))])
        hold_tenants(connection, batch)
        add_all(connection, batch.adds, int(clock.now().timestamp()))
        written.set()
        go_on.wait(60)

    writing = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(written.wait, 60)
    await records.commit(Batch(adds=[entry(memory("quick", Scope("quick", "p")))]))
    place = await records.head()
    assert len(await records.changes(0)) == 1, "the slow one's entry has a lower number and is not there yet"
    go_on.set()
    await writing
    assert [change.user_id for change in await records.changes(place)] == ["slow", "quick"]


async def test_writers_of_one_tenant_follow_each_other_and_give_each_turn_a_place(
    opener: Opener, postgres_url: str
) -> None:
    backends = [await opener.sql(postgres_url) for _ in range(3)]
    scope = Scope("u", "p", "c")

    async def write(number: int) -> None:
        for step in range(8):
            item = memory(f"turn {number} {step}", scope, role=Role.USER)
            await backends[number].records.commit(Batch(adds=[entry(item)]))

    await asyncio.gather(*map(write, range(3)))
    turns = await backends[0].records.turns(Reach("u", "p", "c"))
    assert [turn.position for turn in turns] == list(range(1, 25))


async def test_the_same_key_written_by_many_at_once_is_written_once(opener: Opener, postgres_url: str) -> None:
    backends = [await opener.sql(postgres_url) for _ in range(4)]
    batches = [Batch(adds=[entry(memory("same", Scope("new", "p")), key="one key")]) for _ in backends]
    done = await asyncio.gather(
        *(backend.records.commit(batch) for backend, batch in zip(backends, batches, strict=True))
    )
    assert sorted(one.new[0] for one in done) == [False, False, False, True]
    assert len({one.ids[0] for one in done}) == 1


async def test_a_search_that_reads_a_replica_finds_what_was_written(postgres_url: str) -> None:
    replica = Database(PostgresServer(postgres_url, standby=True))
    database = Database(PostgresServer(postgres_url), replica=replica)
    upgrade(database)
    watch = database.searched.watch()
    before = watch.stamp()
    await SqlRecords(database, FakeClock()).commit(Batch(adds=[entry(memory("one"))]))

    def changed() -> bool:
        return watch.stamp() != before

    await asyncio.to_thread(until, changed)
    assert database.searched is replica
    await database.close()


def test_what_cannot_be_reached_or_is_no_address_is_said_so(tmp_path: Path) -> None:
    nowhere = Database(PostgresServer(f"postgresql://x@/nowhere?host={tmp_path}"))
    with pytest.raises(StoreBusy) as caught:
        upgrade(nowhere)
    assert caught.value.hint
    nowhere.close_now()
    for wrong in ("mysql://x/y", "nonsense", "http://[", ""):
        with pytest.raises(ConfigError, match=r"store\.url"):
            server_url(wrong)
    assert server_url("postgres://x/y").drivername == server_url("postgresql+asyncpg://x/y").drivername


def test_a_database_that_is_not_there_is_said_so(postgres_server: Postgres) -> None:
    database = Database(PostgresServer(postgres_server.url("missing")))
    with pytest.raises((StoreReadOnly, StoreBusy)):
        upgrade(database)
    database.close_now()


@pytest.mark.parametrize(
    "state",
    [
        "08006",
        "23505",
        "25006",
        "28P01",
        "3D000",
        "40001",
        "40P01",
        "42501",
        "53100",
        "53300",
        "55P03",
        "57014",
        "57P01",
        "XX001",
        "99999",
    ],
)
def test_every_error_of_the_server_becomes_one_of_ours(state: str) -> None:
    error = psycopg.errors.lookup(state)("what it said") if state != "99999" else psycopg.Error("odd")
    for raised in (error, sa.exc.DBAPIError("SELECT 1", None, error)):
        with pytest.raises(StoreError) as caught, translated():
            raise raised
        assert caught.value.message
        assert "SELECT" not in caught.value.message


async def test_a_text_the_server_cannot_hold_is_refused_whole(database: Database) -> None:
    records = SqlRecords(database, FakeClock())
    with pytest.raises(StoreError, match="cannot hold"):
        await records.commit(Batch(adds=[entry(memory("fine")), entry(memory("a\x00b"))]))
    assert await records.ids(Where(Reach())) == []


async def test_a_whole_store_over_the_server(postgres_url: str, home: Path) -> None:
    settings = {"store": {"url": postgres_url}, "embedder": {"provider": "none"}}
    async with AsyncMemory(home, settings=settings) as opened:
        kept = await opened.capture(
            [{"role": "user", "content": "My cat is called Bella"}, {"role": "user", "content": "我的猫叫小白"}],
            conversation_id="c",
        )
        assert (await opened.search("小白"))[0].memory.text == "我的猫叫小白"
        assert "Bella" in (await opened.context("cat")).text
        assert (await opened.stats()).by_kind["turn"] == 2
        await opened.delete(str(kept.ids[0]))
    async with AsyncMemory(home, settings=settings) as opened:
        assert [hit.memory.text for hit in await opened.search("cat")] in ([], ["我的猫叫小白"])
    assert not (home / "recollect.db").exists()


def test_the_seeds_name_the_server_too(home: Path) -> None:
    def found(**environ: str) -> str | None:
        url = load(home, environ=environ).settings.store.url
        return None if url is None else url.get_secret_value()

    assert found(POSTGRES_URL="postgresql://h/x") == "postgresql://h/x"
    assert found(DATABASE_URL="postgresql://h/claude_memory?a=b") == "postgresql://h/claude_memory?a=b"
    assert found(DATABASE_URL="postgresql://h/shop") is None
    assert found(DATABASE_URL="sqlite:///recollect.db") is None
