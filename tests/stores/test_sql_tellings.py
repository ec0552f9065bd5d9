"""Tellings over SQLite keep their promise."""

from __future__ import annotations

import pytest

from recollect.stores.sql.projects import SqlProjects
from recollect.stores.sql.tellings import SqlTellings
from recollect.testing.backend import Backend
from recollect.testing.tellings import Kept, TellingsContract


@pytest.fixture
def kept(sql: Backend) -> Kept:
    database = sql.words._database  # type: ignore[attr-defined]
    return Kept(SqlTellings(database), sql, SqlProjects(database, sql.clock))


class TestTellings(TellingsContract):
    """Tellings over SQLite."""
