"""Sync and nodes over SQLite keep their promises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from recollect.ports import Nodes
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.records import SqlRecords
from recollect.stores.sql.sync.nodes import SqlNodes
from recollect.stores.sql.sync.sync import SqlSync
from recollect.testing.clock import FakeClock
from recollect.testing.sync import NodesContract, Store, SyncContract


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Database]:
    database = Database(path)
    upgrade(database)
    yield database
    await database.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    clock = FakeClock()
    async with opened(tmp_path / "one.db") as database:
        yield Store(SqlRecords(database, clock), SqlSync(database, clock))


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Store]:
    clock = FakeClock()
    clock.forward(1)
    async with opened(tmp_path / "other.db") as database:
        yield Store(SqlRecords(database, clock), SqlSync(database, clock))


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Nodes]:
    async with opened(tmp_path / "center.db") as database:
        yield SqlNodes(database)


class TestSync(SyncContract):
    """Sync over SQLite."""


class TestNodes(NodesContract):
    """Nodes over SQLite."""
