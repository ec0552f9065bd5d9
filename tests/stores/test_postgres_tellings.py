"""Tellings over PostgreSQL keep their promise."""

from __future__ import annotations

import pytest
from tests.stores.conftest import Opener

from recollect.stores.sql.projects import SqlProjects
from recollect.stores.sql.tellings import SqlTellings
from recollect.testing.tellings import Kept, TellingsContract


@pytest.fixture
async def kept(opener: Opener, postgres_url: str) -> Kept:
    backend = await opener.sql(postgres_url)
    database = backend.words._database  # type: ignore[attr-defined]
    return Kept(SqlTellings(database), backend, SqlProjects(database, backend.clock))


class TestTellings(TellingsContract):
    """Tellings over PostgreSQL."""
