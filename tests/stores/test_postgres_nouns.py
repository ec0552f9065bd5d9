"""Owners, people, tokens, the audit log, trails, searches of the past and answers of models, over PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.stores.conftest import Opener

from recollect.models import PastSearch
from recollect.ports import Audit, Cache, Owners, Tokens
from recollect.stores.sql.audit import SqlAudit
from recollect.stores.sql.cache import SqlCache
from recollect.stores.sql.owners import SqlOwners
from recollect.stores.sql.people import SqlPeople
from recollect.stores.sql.projects import SqlProjects
from recollect.stores.sql.search_history import SqlSearchHistory
from recollect.stores.sql.tokens import SqlTokens
from recollect.stores.sql.trail import SqlTrail
from recollect.testing.audit import AuditContract
from recollect.testing.backend import Backend
from recollect.testing.cache import CacheContract
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


@pytest.fixture
def cache(backend: Backend) -> Cache:
    return SqlCache(backend.words._database, backend.clock, room=100_000)  # type: ignore[attr-defined]


@pytest.fixture
def forward(backend: Backend) -> Callable[[float], None]:
    return backend.clock.forward


class TestCache(CacheContract):
    """Answers of models over PostgreSQL."""


async def test_searches_of_the_past_are_kept_by_user_the_latest_first(backend: Backend) -> None:
    history = SqlSearchHistory(backend.words._database)  # type: ignore[attr-defined]
    for number in range(5):
        past = PastSearch(0, backend.clock.now(), "alice", f"question {number} 问", ("p", "q"), "score", number, 1.5)
        await history.add(past, keep=3)
    await history.add(PastSearch(0, backend.clock.now(), "bo", "his", (), "score", 0, 1.0), keep=3)
    found = await history.list("alice", limit=10)
    assert [one.query for one in found] == ["question 4 问", "question 3 问", "question 2 问"]
    assert found[0].projects == ("p", "q")
    assert [one.query for one in await history.list("alice", limit=10, beyond=found[0].id)] == [
        "question 3 问",
        "question 2 问",
    ]
    assert [one.query for one in await history.list("bo", limit=10)] == ["his"]
