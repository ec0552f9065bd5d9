"""Owners, people, tokens, the audit log and trails over PostgreSQL keep their promises."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stores.conftest import Opener

from recollect.ports import Audit, Owners, Tokens
from recollect.stores.sql.audit import SqlAudit
from recollect.stores.sql.owners import SqlOwners
from recollect.stores.sql.people import SqlPeople
from recollect.stores.sql.projects import SqlProjects
from recollect.stores.sql.search_history import SqlSearchHistory
from recollect.stores.sql.tokens import SqlTokens
from recollect.stores.sql.trail import SqlTrail
from recollect.testing.audit import AuditContract
from recollect.testing.backend import Backend
from recollect.testing.clock import FakeClock
from recollect.testing.owners import OwnersContract
from recollect.testing.people import Kept, PeopleContract
from recollect.testing.tokens import TokensContract
from recollect.testing.trail import Left, TrailContract


@pytest.fixture
async def backend(opener: Opener, postgres_url: str) -> Backend:
    return await opener.sql(postgres_url)


@pytest.fixture
def owners(backend: Backend) -> Owners:
    return SqlOwners(backend.words._database)  # type: ignore[attr-defined]


@pytest.fixture
def tokens(backend: Backend) -> Tokens:
    return SqlTokens(backend.words._database)  # type: ignore[attr-defined]


@pytest.fixture
def clock(backend: Backend) -> FakeClock:
    return backend.clock


@pytest.fixture
def audit(backend: Backend, tmp_path: Path) -> Audit:
    return SqlAudit(backend.words._database, backend.clock, tmp_path / "audit.head")  # type: ignore[attr-defined]


class TestAudit(AuditContract):
    """The audit log over PostgreSQL."""


class TestOwners(OwnersContract):
    """Owners over PostgreSQL."""


class TestTokens(TokensContract):
    """Tokens over PostgreSQL."""


@pytest.fixture
def kept(backend: Backend) -> Kept:
    database = backend.words._database  # type: ignore[attr-defined]
    return Kept(SqlPeople(database), SqlProjects(database, backend.clock), SqlTokens(database))


@pytest.fixture
def left(backend: Backend, tmp_path: Path) -> Left:
    database = backend.words._database  # type: ignore[attr-defined]
    log = SqlAudit(database, backend.clock, tmp_path / "audit.head")
    return Left(SqlTrail(log), log, SqlSearchHistory(database))


class TestPeople(PeopleContract):
    """Projects and people over PostgreSQL."""


class TestTrail(TrailContract):
    """Trails over PostgreSQL."""
