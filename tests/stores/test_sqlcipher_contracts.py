"""An encrypted file keeps every promise of `ports.py`, and none of its files can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stores.conftest import Opener

from recollect.stores.sqlcipher.driver import SqlCipher
from recollect.stores.sqlcipher.key import new_key
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
async def backend(opener: Opener, tmp_path: Path) -> Backend:
    return await opener.sql(tmp_path / "recollect.db", driver=SqlCipher(new_key()))


class TestRecords(RecordsContract):
    """Records over SQLCipher."""


class TestReach(ReachContract):
    """Scopes and validity over SQLCipher."""


class TestFilters(FiltersContract):
    """Filters as SQL."""


class TestQueue(QueueContract):
    """The queue over SQLCipher."""


class TestWords(WordsContract):
    """Words over FTS5, which is encrypted with the rest."""


class TestVectors(VectorsContract):
    """Vectors read from the file."""


class TestLore(LoreContract):
    """Lore read from the tables."""


class TestGraph(GraphContract):
    """The graph over the tables."""


class TestDelete(DeleteContract):
    """Deleting, searched in the file."""


class TestWithin(WithinContract):
    """Nothing is widened in SQLCipher."""
