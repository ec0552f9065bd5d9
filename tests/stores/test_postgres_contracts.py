"""PostgreSQL keeps every promise of `ports.py`, answered by its own SQL."""

from __future__ import annotations

import pytest
from tests.stores.conftest import Opener

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
async def backend(opener: Opener, postgres_url: str) -> Backend:
    return await opener.sql(postgres_url)


class TestRecords(RecordsContract):
    """Records over PostgreSQL."""


class TestReach(ReachContract):
    """Scopes and validity over PostgreSQL."""


class TestFilters(FiltersContract):
    """Filters as PostgreSQL's SQL."""


class TestQueue(QueueContract):
    """The queue with SKIP LOCKED."""


class TestWords(WordsContract):
    """Words over an inverted index of PostgreSQL."""


class TestVectors(VectorsContract):
    """Vectors read from PostgreSQL and searched exactly."""


class TestLore(LoreContract):
    """Lore read from PostgreSQL."""


class TestGraph(GraphContract):
    """The graph over PostgreSQL's tables."""


class TestDelete(DeleteContract):
    """Deleting, searched in PostgreSQL."""


class TestWithin(WithinContract):
    """Nothing is widened in PostgreSQL."""
