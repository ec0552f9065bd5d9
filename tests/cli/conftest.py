"""Runs the command line in this process, and as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from recollect.cli.main import cli


@dataclass(frozen=True)
class Outcome:
    """What a run left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)


Run = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory of this test alone, named by the environment; nothing is embedded."""
    place = tmp_path / "home"
    for name in [name for name in os.environ if name.startswith("RECOLLECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RECOLLECT_HOME", str(place))
    monkeypatch.setenv("RECOLLECT_EMBEDDER__PROVIDER", "none")
    monkeypatch.setenv("COLUMNS", "100")
    return place


@pytest.fixture
def recollect(home: Path) -> Run:
    def run(*args: str | Path, stdin: str | bytes | None = None) -> Outcome:
        done = CliRunner().invoke(cli, [str(arg) for arg in args], input=stdin)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Outcome(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes keep what they compile, as an installed package does."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "")


@pytest.fixture
def process(home: Path, compiled: None) -> Run:
    """Run the installed command as a process of its own."""

    def run(*args: str | Path, stdin: bytes | None = None, **env: str) -> Outcome:
        command = [sys.executable, "-c", "from recollect.cli.main import main; main()", *map(str, args)]
        done = subprocess.run(command, input=stdin, capture_output=True, env={**os.environ, **env}, check=False)
        return Outcome(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    return run


MESSAGES = [
    ("m1", "user", "Mei", "We chose PostgreSQL instead of SQLite because several workers write at once."),
    ("m2", "assistant", None, "Noted: PostgreSQL 16."),
    ("m3", "user", "Mei", "猫今天又睡在窗台上了。"),
    (
        "m4",
        "user",
        "Tomás",
        "My key is AKIAIOSFODNN7EXAMPLE, and <private>my salary</private> stays out. Tabs, please.",
    ),
]


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    """A conversation of four messages as JSON lines."""
    lines = [
        {
            "conversation_id": "c1",
            "message_id": name,
            "role": role,
            "speaker": speaker,
            "occurred_at": f"2026-05-0{number}T09:00:00Z",
            "content": text,
        }
        for number, (name, role, speaker, text) in enumerate(MESSAGES, 1)
    ]
    path = tmp_path / "chat.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path
