"""Vectors in Chroma keep their promises, on a server of the test's own, and in one process where all of it is here.

All of it does not go beside its bare client, so this file is run once more by the Python that Chroma's program has.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import chromadb
import pytest
from tests.chroma_server import ROOT, program
from tests.stores.beside import chroma, indexed
from tests.stores.conftest import Opener

from recollect.stores.beside import vectors
from recollect.testing.backend import Backend
from recollect.testing.delete import DeleteContract
from recollect.testing.vectors import VectorsContract
from recollect.testing.within import WithinContract

WHOLE = not getattr(chromadb, "is_thin_client", False)
ALL = """
import sys
sys.path += sys.argv[1].split(":")
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-k", "TestVectors", sys.argv[2]]))
"""


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    url = f"chroma://{tmp_path / 'chroma'}" if WHOLE else request.getfixturevalue("chroma_url")
    assert isinstance(url, str)
    return url


@pytest.fixture
async def backend(opener: Opener, tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> Backend:
    monkeypatch.setattr(vectors, "EXACT", 0)  # few are many
    return (await indexed(opener, tmp_path / "recollect.db", lambda store: chroma(place, store)))[0]


@pytest.mark.slow
def test_all_of_it_holds_in_one_process_too() -> None:
    if WHOLE:
        return
    python = str(Path(program()).with_name("python"))
    ours = [part for part in sys.path if "site-packages" in part]
    command = [python, "-c", ALL, ":".join([str(ROOT), str(ROOT / "src"), *ours]), str(Path(__file__))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "passed" in done.stdout


class TestVectors(VectorsContract):
    """Found by the index."""


class TestDelete(DeleteContract):
    """What is deleted is found in no way."""


class TestWithin(WithinContract):
    """Nothing is found beyond what a reach lies within."""
