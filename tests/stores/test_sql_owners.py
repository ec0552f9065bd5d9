"""Owners over SQLite keep their promise."""

from __future__ import annotations

import pytest

from recollect.ports import Owners
from recollect.stores.sql.owners import SqlOwners
from recollect.testing.backend import Backend
from recollect.testing.owners import OwnersContract


@pytest.fixture
def backend(sql: Backend) -> Backend:
    return sql


@pytest.fixture
def owners(sql: Backend) -> Owners:
    return SqlOwners(sql.words._database)  # type: ignore[attr-defined]


class TestOwners(OwnersContract):
    """Owners over SQLite."""
