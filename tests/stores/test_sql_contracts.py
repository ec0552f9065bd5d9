"""The SQL core keeps every promise of `ports.py`, straight from the file."""

from __future__ import annotations

import pytest

from recollect.testing.backend import Backend
from recollect.testing.delete import DeleteContract
from recollect.testing.filters import FiltersContract
from recollect.testing.graph import GraphContract
from recollect.testing.lore import LoreContract
from recollect.testing.queue import QueueContract
from recollect.testing.records import ReachContract, RecordsContract
from recollect.testing.vectors import VectorsContract
from recollect.testing.within import WithinContract
from recollect.testing.words import WordsContract


@pytest.fixture
def backend(sql: Backend) -> Backend:
    return sql


class TestRecords(RecordsContract):
    """Records over SQLite."""


class TestReach(ReachContract):
    """Scopes and validity over SQLite."""


class TestFilters(FiltersContract):
    """Filters as SQL."""


class TestQueue(QueueContract):
    """The queue over SQLite."""


class TestWords(WordsContract):
    """Words over FTS5."""


class TestVectors(VectorsContract):
    """Vectors read from the file."""


class TestLore(LoreContract):
    """Lore read from the tables."""


class TestGraph(GraphContract):
    """The graph over the tables."""


class TestDelete(DeleteContract):
    """Deleting, searched in the file."""


class TestWithin(WithinContract):
    """Nothing is widened in SQLite."""
