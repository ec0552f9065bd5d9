"""A database is upgraded while servers of the release before read it and write to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from tests.servers import Postgres

from recollect.errors import StoreBusy, StoreDamaged
from recollect.stores.postgres.server import PostgresServer
from recollect.stores.sql import migrate
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import HEAD, upgrade, version

BEFORE = "0006"
"""The schema of the release before."""

# What a server of that release writes for a turn, and reads for a search and for its worker.
WRITES = (
    "INSERT INTO tenant (user_id, project_id) VALUES (%(who)s, 'p') ON CONFLICT DO NOTHING",
    "INSERT INTO memory (id, dedupe, tenant, position, kind, text, keywords, entities, importance, urgency, tier, "
    "metadata, sources, repeats, dense, standing, created_at, occurred_at, content_hash, version) SELECT %(id)s, "
    "%(id)s, key, 1, 'turn', 'zebra', '[]', '[]', 0, 0, 'short', '{}', '[]', 1, true, false, 1, 1, 'x', 1 "
    "FROM tenant WHERE user_id = %(who)s",
    'INSERT INTO chunk (memory, tenant, position, start, "end", terms, words) '
    "SELECT key, tenant, 0, 0, 5, 'zebra', 1 FROM memory WHERE id = %(id)s",
    "INSERT INTO change (at, verb, memory_id, memory, tenant, version) SELECT 1, 'add', id, key, tenant, 1 "
    "FROM memory WHERE id = %(id)s",
    "INSERT INTO job (name, payload, state, attempts, run_at, leased_until, created_at) "
    "VALUES ('embed', json_build_object('ids', json_build_array(%(id)s::text)), 'ready', 0, 1, 0, 1)",
)
READS = (
    "SELECT count(*) FROM memory JOIN tenant ON tenant.key = memory.tenant JOIN chunk ON chunk.memory = memory.key",
    "SELECT id, name, payload FROM job WHERE state = 'ready' AND run_at <= 5 "
    "ORDER BY id LIMIT 10 FOR UPDATE SKIP LOCKED",
    "SELECT seq, memory FROM change WHERE seq > 0 ORDER BY seq LIMIT 100",
)


@pytest.fixture
def url(postgres_server: Postgres) -> str:
    address = postgres_server.database()
    database = Database(PostgresServer(address))
    upgrade(database, to=BEFORE)
    database.close_now()
    return address


def upgraded(url: str) -> None:
    database = Database(PostgresServer(url))
    try:
        upgrade(database)
        assert database.read_now(version) == HEAD
    finally:
        database.close_now()


class Old:
    """A server of the release before: it writes and reads without end, and notes what it did and how long it took."""

    def __init__(self, url: str, name: str) -> None:
        self.written, self.longest, self.failed = 0, 0.0, ""
        self._url, self._name = url, name
        self._over = threading.Event()
        self._grown = threading.Condition()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def more(self, count: int) -> None:
        """Wait until it wrote so many more."""
        with self._grown:
            wanted = self.written + count
            assert self._grown.wait_for(lambda: self.written >= wanted or self.failed, 60)

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with psycopg.connect(self._url) as door:
                while not self._over.is_set():
                    begun = time.monotonic()
                    try:
                        self._once(door)
                    except psycopg.errors.DeadlockDetected:  # it runs again what met another
                        continue
                    self.longest = max(self.longest, time.monotonic() - begun)
                    with self._grown:
                        self.written += 1
                        self._grown.notify_all()
        except psycopg.Error as error:
            self.failed = repr(error)

    def _once(self, door: psycopg.Connection[Any]) -> None:
        values = {"who": self._name, "id": f"{self._name}-{self.written}"}
        with door.transaction():
            for statement in WRITES:
                door.execute(statement, values)
        for statement in READS:
            with door.transaction():
                door.execute(statement).fetchall()


@contextmanager
def serving(url: str) -> Iterator[list[Old]]:
    with ExitStack() as stack:
        servers = [Old(url, name) for name in ("one", "two")]
        for server in servers:
            stack.callback(server.stop)
        yield servers
    assert [server.failed for server in servers] == ["", ""]


def test_the_release_before_reads_and_writes_on_while_four_would_upgrade(url: str) -> None:
    failed: list[BaseException] = []

    def upgrading() -> None:
        try:
            upgraded(url)
        except BaseException as error:  # noqa: BLE001 - the test asserts that there is none
            failed.append(error)

    with serving(url) as servers:
        for server in servers:
            server.more(5)
        threads = [threading.Thread(target=upgrading) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for server in servers:
            server.more(5)
    assert failed == []
    assert max(server.longest for server in servers) < 15, "nobody stood before a lock for long"
    with psycopg.connect(url) as door:
        found = door.execute("SELECT count(*), count(DISTINCT id) FROM memory").fetchone()
        written = sum(server.written for server in servers)
        assert found == (written, written)
        assert door.execute("SELECT count(*) FROM job").fetchone() == (written,)
        assert door.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]


def test_whoever_holds_a_table_is_waited_for_and_nobody_waits_behind(url: str) -> None:
    with psycopg.connect(url) as reader:
        reader.execute("SELECT count(*) FROM memory")
        thread = threading.Thread(target=upgraded, args=(url,))
        thread.start()
        with serving(url) as servers:
            for server in servers:
                server.more(10)
            assert thread.is_alive(), "the upgrade waits for the reader"
        reader.rollback()
        thread.join(60)
    assert not thread.is_alive()
    assert max(server.longest for server in servers) < 15
    upgraded(url)


def test_an_upgrade_that_never_gets_its_lock_says_so_and_has_changed_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "TRIES", 1)
    database = Database(PostgresServer(url))
    with psycopg.connect(url) as reader:
        reader.execute("SELECT count(*) FROM memory, change")
        with pytest.raises(StoreBusy, match="locked"):
            upgrade(database)
        assert database.read_now(version) == BEFORE
    database.close_now()


def test_a_later_releases_database_is_refused_in_words(url: str) -> None:
    upgraded(url)
    with psycopg.connect(url, autocommit=True) as door:
        door.execute("UPDATE alembic_version SET version_num = '9999'")
    database = Database(PostgresServer(url))
    with pytest.raises(StoreDamaged, match="later release of recollect") as caught:
        upgrade(database)
    assert "Upgrade recollect" in str(caught.value.hint)
    database.close_now()


def test_no_upgrade_indexes_what_is_there_already(url: str) -> None:
    """An index over filled tables keeps writers waiting; it must be made CONCURRENTLY, outside the migrations."""
    asked = (
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'recollect' AND tablename IN "
        "('tenant', 'conversation', 'memory', 'chunk', 'vector', 'change', 'entity', 'mention', 'relation')"
    )
    with psycopg.connect(url, autocommit=True) as door:
        before = set(door.execute(asked).fetchall())
        upgraded(url)
        assert set(door.execute(asked).fetchall()) <= before
