"""Tenants held in memory, caught up with PostgreSQL, keep the same promises."""

from __future__ import annotations

import pytest
from tests.stores.conftest import Opener

from recollect.testing.backend import Backend
from recollect.testing.delete import DeleteContract
from recollect.testing.lore import LoreContract
from recollect.testing.vectors import VectorsContract
from recollect.testing.within import WithinContract
from recollect.testing.words import WordsContract


@pytest.fixture
async def backend(opener: Opener, postgres_url: str) -> Backend:
    return (await opener.resident(postgres_url))[0]


class TestWords(WordsContract):
    """Words in memory."""


class TestVectors(VectorsContract):
    """Vectors in memory."""


class TestLore(LoreContract):
    """Lore in memory."""


class TestDelete(DeleteContract):
    """Deleting, searched in memory."""


class TestWithin(WithinContract):
    """Nothing is widened in memory, caught up with PostgreSQL."""
