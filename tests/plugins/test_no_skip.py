"""The switch that makes a missing server or missing weights a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

TESTS = """
import pytest

def test_one():
    pytest.skip("the weights are not installed")

def test_two():
    pytest.skip("root may write anywhere")

@pytest.mark.xfail
def test_three():
    assert False
"""


def outcome(folder: Path, *options: str) -> str:
    """Run the tests of a folder and return pytest's closing line."""
    (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(folder), *options, str(folder)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "-p no:cacheprovider -p no:asyncio"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=env)
    return done.stdout.strip().splitlines()[-1]


def test_without_the_plugin_skips_are_skips(tmp_path: Path) -> None:
    assert outcome(tmp_path).startswith("2 skipped, 1 xfailed")


def test_with_the_plugin_what_is_missing_fails_and_what_the_system_cannot_show_skips(tmp_path: Path) -> None:
    assert outcome(tmp_path, "-p", "tests.plugins.no_skip").startswith("1 failed, 1 skipped, 1 xfailed")
