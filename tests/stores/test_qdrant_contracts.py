"""Vectors in Qdrant keep their promises: by its client, by its engine, and by the server that the environment names."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stores.beside import QDRANTS, indexed, qdrant
from tests.stores.conftest import Opener

from recollect.stores.beside import vectors
from recollect.testing.backend import Backend
from recollect.testing.delete import DeleteContract
from recollect.testing.vectors import VectorsContract
from recollect.testing.within import WithinContract


@pytest.fixture(params=QDRANTS)
async def backend(
    request: pytest.FixtureRequest, opener: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Backend:
    monkeypatch.setattr(vectors, "EXACT", 0)  # few are many
    return (await indexed(opener, tmp_path / "recollect.db", lambda store: qdrant(request.param, store, tmp_path)))[0]


class TestVectors(VectorsContract):
    """Found by the index."""


class TestDelete(DeleteContract):
    """What is deleted is found in no way."""


class TestWithin(WithinContract):
    """Nothing is found beyond what a reach lies within."""
