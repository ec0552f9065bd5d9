"""Tokens over SQLite keep their promise, also in a store that an earlier release made."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from recollect.ports import Tokens
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import HEAD, upgrade, version
from recollect.stores.sql.tokens import SqlTokens
from recollect.testing.tokens import TokensContract, numbered


@pytest.fixture
async def tokens(tmp_path: Path) -> AsyncIterator[Tokens]:
    database = Database(tmp_path / "r.db")
    upgrade(database)
    yield SqlTokens(database)
    await database.close()


class TestTokens(TokensContract):
    """Tokens over SQLite."""


async def test_a_store_without_tokens_is_upgraded_and_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    database = Database(path)
    upgrade(database, to="0001")
    await database.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as door:
        door.execute("INSERT INTO tenant(user_id, project_id) VALUES ('alice', 'web')")
    database = Database(path)
    upgrade(database)
    assert database.read_now(version) == HEAD
    assert await SqlTokens(database).add(numbered(1))
    await database.close()
    with closing(sqlite3.connect(path)) as door:
        assert door.execute("SELECT user_id, project_id FROM tenant").fetchall() == [("alice", "web")]
