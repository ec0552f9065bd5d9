"""Owners, tokens and the audit log over PostgreSQL keep their promises."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stores.conftest import Opener

from recollect.ports import Audit, Owners, Tokens
from recollect.stores.sql.audit import SqlAudit
from recollect.stores.sql.owners import SqlOwners
from recollect.stores.sql.tokens import SqlTokens
from recollect.testing.audit import AuditContract
from recollect.testing.backend import Backend
from recollect.testing.clock import FakeClock
from recollect.testing.owners import OwnersContract
from recollect.testing.tokens import TokensContract


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
