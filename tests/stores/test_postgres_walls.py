"""Row-level security: what is run for a reach stays inside it, whatever its statements forgot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from tests.servers import Postgres
from tests.stores.conftest import Opener
from tests.stores.walls import bound_database, bound_emptied

from recollect import AsyncMemory
from recollect.access.acting import Acting
from recollect.errors import ConfigError, StoreReadOnly
from recollect.exchange import Batch
from recollect.models import Person, Reach, Scope, Where, Within, walled
from recollect.stores.postgres import vectors
from recollect.stores.postgres.server import PostgresServer
from recollect.stores.postgres.walls import TABLES, put_up, take_down, up
from recollect.stores.postgres.words import PostgresWords
from recollect.stores.sql import owners, records
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.records import SqlRecords
from recollect.testing.backend import Backend
from recollect.testing.clock import FakeClock
from recollect.testing.delete import DeleteContract
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.filters import FiltersContract
from recollect.testing.graph import GraphContract
from recollect.testing.lore import LoreContract
from recollect.testing.records import ReachContract, RecordsContract
from recollect.testing.sample import entry, memory
from recollect.testing.vectors import VectorsContract
from recollect.testing.within import WithinContract
from recollect.testing.words import WordsContract

ALICE, BO = Scope("alice", "p", "talk"), Scope("bo", "q", "talk")
HERS = Reach("alice", "p")


@pytest.fixture(scope="module")
def _bound(pgvector_server: Postgres) -> tuple[str, str]:
    return bound_database(pgvector_server)


@pytest.fixture
def url(_bound: tuple[str, str]) -> str:
    return bound_emptied(_bound)


@pytest.fixture
async def backend(opener: Opener, url: str) -> Backend:
    return await opener.sql(url)


@pytest.mark.slow
class TestRecords(RecordsContract):
    """Records behind walls."""


class TestReach(ReachContract):
    """Scopes behind walls."""


@pytest.mark.slow
class TestFilters(FiltersContract):
    """Filters behind walls."""


class TestWords(WordsContract):
    """Words behind walls, found by the hashes that stand beside."""


@pytest.mark.slow
class TestVectors(VectorsContract):
    """Vectors behind walls, compared all."""


class TestIndexed(VectorsContract):
    """Vectors behind walls, found by HNSW."""

    @pytest.fixture(autouse=True)
    def _all_are_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(vectors, "EXACT", 0)


@pytest.mark.slow
class TestLore(LoreContract):
    """Lore behind walls."""


@pytest.mark.slow
class TestGraph(GraphContract):
    """The graph behind walls."""


@pytest.mark.slow
class TestDelete(DeleteContract):
    """Deleting behind walls."""


class TestWithin(WithinContract):
    """Nothing is widened behind walls."""


@pytest.mark.slow
class TestResident:
    """Tenants held in memory are loaded from behind walls."""

    @pytest.fixture
    async def backend(self, opener: Opener, url: str) -> Backend:
        return (await opener.resident(url))[0]

    class TestWords(WordsContract):
        """Words."""

    class TestVectors(VectorsContract):
        """Vectors."""

    class TestWithin(WithinContract):
        """Nothing is widened."""


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database(PostgresServer(url))
    kept = SqlRecords(opened, FakeClock())
    await kept.commit(Batch(adds=[entry(memory("hers", ALICE)), entry(memory("his", BO))]))
    yield opened
    await opened.close()


def counted(connection: sa.Connection) -> dict[str, int]:
    return {name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one() for name in TABLES}


async def test_without_a_where_only_the_reach_is_seen(database: Database) -> None:
    everything = await database.read(counted)
    seen = await database.read(counted, reach=HERS)
    some = {"tenant", "conversation", "memory", "chunk", "change"}
    assert {name: everything[name] for name in some} == dict.fromkeys(some, 2)
    assert {name: seen[name] for name in some} == dict.fromkeys(some, 1)
    assert set((await database.read(counted, reach=Reach("nobody", "p"))).values()) == {0}
    assert set((await database.read(counted, reach=Reach(None, None))).values()) == {0}
    within = Reach(None, None, within=Within(projects=frozenset({"q"})))
    assert (await database.read(counted, reach=within))["memory"] == 1
    with walled(within):
        assert (await database.read(counted, reach=HERS))["memory"] == 0, "what one wall hides the other does not show"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE memory SET text = 'gone'",
        "UPDATE conversation SET turns = 9",
        "DELETE FROM change",
        "DELETE FROM chunk",
    ],
)
async def test_without_a_where_only_the_reach_is_changed(database: Database, statement: str) -> None:
    def work(connection: sa.Connection) -> int:
        return connection.exec_driver_sql(statement).rowcount

    with walled(HERS):
        assert await database.write(work) == 1
    assert await database.write(work) == (2 if "UPDATE" in statement else 1)


async def test_nothing_is_written_or_moved_beyond_the_reach(database: Database) -> None:
    for statement in (
        "INSERT INTO tenant (user_id, project_id) VALUES ('bo', 'new')",
        "UPDATE memory SET tenant = (SELECT max(key) + 1 FROM tenant)",
        "INSERT INTO change (at, verb, memory_id, memory, tenant, version) SELECT 1, 'add', 'x', 1, max(key) + 1, 1 "
        "FROM tenant",
    ):

        def work(connection: sa.Connection, statement: str = statement) -> None:
            connection.exec_driver_sql(statement)

        with walled(HERS), pytest.raises(StoreReadOnly, match="row-level security"):
            await database.write(work)


async def test_a_stranger_in_the_database_sees_nothing(url: str, database: Database) -> None:
    assert (await database.read(counted))["memory"] == 2
    with psycopg.connect(url, autocommit=True) as door:
        assert door.execute("SELECT count(*) FROM memory").fetchone() == (0,)
        door.execute("SET recollect.wall = 'open'")
        assert door.execute("SELECT count(*) FROM memory").fetchone() == (2,)


async def test_a_query_that_forgot_its_conditions_leaks_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any) -> list[Any]:
        return []

    monkeypatch.setattr(records, "conditions", none)
    monkeypatch.setattr(records, "reach_conditions", none)
    monkeypatch.setattr(owners, "_inside", lambda _connection, query, _reach: query)
    monkeypatch.setattr("recollect.stores.sql.where.conditions", none)
    broken = SqlRecords(database, FakeClock())
    assert [one.text for one in (await broken.page(Where(HERS), limit=10)).memories] == ["hers"]
    assert len(await broken.ids(Where(HERS))) == 1
    assert [one.text for one in await broken.turns(Reach("alice", "p", "talk"))] in ([], ["hers"])
    assert [one.name for one in await owners.SqlOwners(database).owners("user_id", reach=HERS)] == ["alice"]

    monkeypatch.setattr("recollect.stores.postgres.words.tenants_in", lambda *_: [1, 2, 3, 4, 5, 6, 7, 8, 9])
    found = await PostgresWords(database).search(["hers", "his"], Where(HERS), 10)
    assert len(found.keys) <= 1
    take_down(database)
    assert len((await broken.page(Where(HERS), limit=10)).memories) == 2, "it is the wall that held"
    put_up(database)


async def test_what_is_asked_for_by_id_stays_behind_the_wall_of_who_asks(
    url: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"store": {"url": url, "row_security": True}}
    async with AsyncMemory(home, settings=settings, embed=FakeEmbedder()) as opened:
        said = [{"role": "user", "content": "My cat is called Bella"}]
        kept = await opened.capture(said, user_id="alice", project_id="zoo")
        await opened.drain()
        bo = opened.acting(Person("bo"))
        name = str(kept.ids[0])

        async def everything(_: Acting, items: Any, __: Any) -> Any:
            return list(items)

        monkeypatch.setattr(Acting, "readable", everything)
        assert await bo.app.engine.stores.records.get([name]) == []
        assert await bo.app.engine.stores.records.history(name) == []
        assert [one.id for one in await opened.app.engine.stores.records.get([name])] == [name]


async def test_a_whole_store_works_behind_walls(url: str, home: Path) -> None:
    settings = {"store": {"url": url, "row_security": True, "memory_mb": 16}}
    async with AsyncMemory(home, settings=settings, embed=FakeEmbedder()) as opened:
        kept = await opened.capture([{"role": "user", "content": "我的猫叫小白"}], conversation_id="c")
        await opened.capture([{"role": "user", "content": "My cat is called Bella"}], conversation_id="d")
        await opened.drain()
        assert (await opened.search("小白"))[0].memory.text == "我的猫叫小白"
        assert (await opened.stats()).memories >= 2
        await opened.delete(str(kept.ids[0]))
        assert "我的猫叫小白" not in [hit.memory.text for hit in await opened.search("小白")]


async def test_walls_go_up_around_what_is_there_and_come_down(pgvector_server: Postgres, opener: Opener) -> None:
    admin, mine = bound_database(pgvector_server)
    database = Database(PostgresServer(mine))
    take_down(database)
    assert not database.read_now(up)
    backend = await opener.sql(mine)
    await backend.records.commit(Batch(adds=[entry(memory("zebra stripes", ALICE))]))
    for _ in range(2):
        put_up(database)
        assert database.read_now(up)
    found = await PostgresWords(database).search(["zebra"], Where(HERS), 10)
    assert len(found.keys) == 1
    with psycopg.connect(admin) as door:
        assert door.execute("SELECT count(*) FROM chunk_term").fetchone() == (1,)
    await database.close()


def test_a_user_whom_no_policy_binds_is_refused(postgres_url: str) -> None:
    database = Database(PostgresServer(postgres_url))
    upgrade(database)
    with pytest.raises(ConfigError, match="holds nothing back") as caught:
        put_up(database)
    assert "BYPASSRLS" in str(caught.value.hint)
    assert not database.read_now(up)
    database.close_now()
