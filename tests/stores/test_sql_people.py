"""Projects and people over SQLite keep their promise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.people import SqlPeople
from recollect.stores.sql.projects import SqlProjects
from recollect.stores.sql.tokens import SqlTokens
from recollect.testing.clock import FakeClock
from recollect.testing.people import Kept, PeopleContract


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    database = Database(tmp_path / "r.db")
    upgrade(database)
    yield Kept(SqlPeople(database), SqlProjects(database, FakeClock()), SqlTokens(database))
    await database.close()


class TestPeople(PeopleContract):
    """Projects and people over SQLite."""
