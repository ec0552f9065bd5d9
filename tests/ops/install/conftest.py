"""A machine whose home is a temporary directory, and the command line on it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from recollect.cli.main import cli
from recollect.ops.install.machine import Machine

VARIABLES = (
    "CLAUDE_CONFIG_DIR", "CLAUDE_MEM_DATA_DIR", "CODEX_HOME", "GEMINI_CLI_HOME", "OPENCODE_CONFIG",
    "OPENCODE_CONFIG_DIR", "OPENCLAW_CONFIG_PATH", "OPENCLAW_STATE_DIR", "OPENCLAW_HOME", "COPILOT_HOME",
    "VSCODE_PORTABLE", "VSCODE_APPDATA", "XDG_CONFIG_HOME", "APPDATA",
)  # fmt: skip

Run = Callable[..., Result]


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home directory of a user who has nothing yet; the environment names no other place."""
    place = tmp_path / "user"
    place.mkdir()
    for name in [*VARIABLES, *(name for name in os.environ if name.startswith("RECOLLECT_"))]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("USERPROFILE", str(place))
    monkeypatch.setenv("RECOLLECT_EMBEDDER__PROVIDER", "none")
    return place


@pytest.fixture
def machine(user: Path) -> Machine:
    """That user's machine."""
    now = datetime(2026, 5, 1, 9, tzinfo=UTC)
    return Machine({"HOME": str(user)}, "linux", user / ".recollect", sys.executable, now=now)


@pytest.fixture
def recollect(user: Path) -> Run:
    """Run a command; what was not foreseen is raised."""

    def run(*args: str | Path, code: int = 0) -> Result:
        done = CliRunner().invoke(cli, [str(arg) for arg in args])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done

    return run


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a directory, recollect's own excepted."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".recollect" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def said(path: Path) -> Any:
    """Return what a JSON file says."""
    return json.loads(path.read_bytes())
