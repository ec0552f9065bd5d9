"""Sync and nodes over PostgreSQL keep their promises, also against a store in a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from recollect.ports import Nodes
from recollect.stores.postgres.server import PostgresServer
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.records import SqlRecords
from recollect.stores.sql.sync.nodes import SqlNodes
from recollect.stores.sql.sync.sync import SqlSync
from recollect.testing.clock import FakeClock
from recollect.testing.sync import NodesContract, Store, SyncContract


async def _opened(database: Database, ahead: float) -> AsyncIterator[Store]:
    clock = FakeClock()
    clock.forward(ahead)
    upgrade(database)
    yield Store(SqlRecords(database, clock), SqlSync(database, clock))
    await database.close()


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[Store]:
    async for made in _opened(Database(PostgresServer(postgres_url)), 0):
        yield made


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Store]:
    async for made in _opened(Database(tmp_path / "other.db"), 1):
        yield made


@pytest.fixture
async def nodes(postgres_url: str) -> AsyncIterator[Nodes]:
    database = Database(PostgresServer(postgres_url))
    upgrade(database)
    yield SqlNodes(database)
    await database.close()


class TestSync(SyncContract):
    """Sync between PostgreSQL and SQLite."""


class TestNodes(NodesContract):
    """Nodes over PostgreSQL."""
