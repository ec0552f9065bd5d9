"""Tenants held in memory keep the promises of `ports.py` as the file does."""

from __future__ import annotations

import pytest

from recollect.testing.backend import Backend
from recollect.testing.delete import DeleteContract
from recollect.testing.lore import LoreContract
from recollect.testing.vectors import VectorsContract
from recollect.testing.within import WithinContract
from recollect.testing.words import WordsContract


@pytest.fixture
def backend(resident: Backend) -> Backend:
    return resident


class TestWords(WordsContract):
    """Words in memory."""


class TestVectors(VectorsContract):
    """Vectors in memory."""


class TestLore(LoreContract):
    """Lore in memory."""


class TestDelete(DeleteContract):
    """Deleting, searched in memory."""


class TestWithin(WithinContract):
    """Nothing is widened in memory."""
