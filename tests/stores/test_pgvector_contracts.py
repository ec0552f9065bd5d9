"""Vectors in pgvector keep their promises, whether they are few and compared all, or many and found by the index."""

from __future__ import annotations

import pytest
from tests.stores.conftest import Opener

from recollect.stores.postgres import vectors
from recollect.stores.postgres.vectors import PostgresVectors
from recollect.testing.backend import Backend
from recollect.testing.delete import DeleteContract
from recollect.testing.vectors import VectorsContract
from recollect.testing.within import WithinContract


@pytest.fixture
async def backend(opener: Opener, pgvector_url: str) -> Backend:
    found = await opener.sql(pgvector_url)
    assert isinstance(found.vectors, PostgresVectors)
    return found


class TestVectors(VectorsContract):
    """Compared all."""


class TestIndexed(VectorsContract):
    """Found by HNSW."""

    @pytest.fixture(autouse=True)
    def _all_are_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(vectors, "EXACT", 0)


class TestDelete(DeleteContract):
    """Deleting, searched with pgvector."""


class TestWithin(WithinContract):
    """Nothing is widened with pgvector."""
