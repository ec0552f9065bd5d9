"""The table that long proofs end with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TESTS = """
import pytest

@pytest.mark.slow
def test_it_comes_back(held):
    held("PostgreSQL killed", 50, "873 memories, the longest wait 2.2 s")

@pytest.mark.slow
@pytest.mark.parametrize("size", [7])
def test_it_is_whole(held, size):
    held("the disk full", 3)
    assert size == 8

@pytest.mark.slow
def test_a_thousand_clients():
    pass

def test_quick():
    pass
"""


def lines(folder: Path, *options: str, workers: int = 0) -> list[str]:
    (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = slow\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(folder), "-p", "tests.plugins.held"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "-p no:cacheprovider"}
    command += [*options, *(["-n", str(workers)] if workers else []), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=env)
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("workers", [0, 2])
def test_every_long_proof_has_a_line_that_tells_whether_it_held(tmp_path: Path, workers: int) -> None:
    told = lines(tmp_path, workers=workers)
    assert "what times held figures" in told
    assert "PostgreSQL killed 50 yes 873 memories, the longest wait 2.2 s" in told
    assert "the disk full 3 NO" in told
    (other,) = [line for line in told if line.startswith("a thousand clients")]
    assert other.split()[-4:-2] == ["1", "yes"]


def test_without_long_proofs_there_is_no_table(tmp_path: Path) -> None:
    assert not any("what held" in line for line in lines(tmp_path, "-m", "not slow"))
