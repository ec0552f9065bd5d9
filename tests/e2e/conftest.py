"""The real Claude Code with the rendered plugin, a model of our own, and a data directory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.model import Model

from recollect.agents.claude_plugin import PLUGIN, render
from recollect.server import background, record, token

NATIVE = "node_modules/@anthropic-ai/claude-code-linux-x64/claude"
PLACES = (Path(os.environ.get("RECOLLECT_CLAUDE", "")), Path(sys.prefix) / ".claude" / NATIVE)
COMPLAINTS = ("hook_non_blocking_error", "hook_error", '"hookErrors":["')
MISSING = "Claude Code is not installed: set RECOLLECT_CLAUDE to its native binary"
SETTINGS = """\
[server]
port = 0
[embedder]
provider = "none"
[worker]
poll = 0.05
"""


@pytest.fixture(scope="session")
def binary() -> Path:
    """Return the client's native binary; skip where there is none."""
    found = next((path for path in PLACES if path.is_file()), None)
    if found is None:
        pytest.skip(MISSING)
    return found


@dataclass
class Home:
    """A data directory and whatever server runs on it."""

    path: Path

    def start(self) -> record.Record:
        return background.start(self.path, [])

    def stop(self, number: int = signal.SIGTERM) -> None:
        found = record.running(self.path)
        if found is not None:
            os.kill(found.pid, number)
            assert record.gone(found, 10)

    def get(self, path: str, **params: Any) -> Any:
        found = record.running(self.path)
        assert found is not None
        until(lambda: background.is_ready(found))
        headers = {"Authorization": f"Bearer {token.read(self.path)}"}
        answer = httpx.get(f"{found.url}{path}", params=params, headers=headers, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def texts(self, kind: str = "") -> list[str]:
        """Return what is remembered, the oldest first."""
        page = self.get("/api/memory/user/default", limit=1000)
        return [item["content"] for item in reversed(page["data"]["memories"]) if kind in ("", item["kind"])]

    def holds(self, text: str) -> list[Path]:
        """Return the files that hold a text."""
        files = [path for path in self.path.rglob("*") if path.is_file()]
        return [path for path in files if text.encode() in path.read_bytes()]


def until(found: Callable[[], Any], within: float = 20.0) -> Any:
    """Look until there is something to be seen."""
    end = time.monotonic() + within
    while not (seen := found()):
        assert time.monotonic() < end, f"not seen in {within} seconds"
        time.sleep(0.02)
    return seen


@pytest.fixture
def memories(tmp_path: Path) -> Iterator[Home]:
    path = tmp_path / "memories"
    path.mkdir(mode=0o700)
    (path / "recollect.toml").write_text(SETTINGS)
    home = Home(path)
    yield home
    home.stop()


@pytest.fixture
def model() -> Iterator[Model]:
    with Model() as served:
        yield served


@dataclass
class Assistant:
    """Claude Code, run headless for one prompt at a time, with a home of its own."""

    binary: Path
    home: Path
    plugin: Path
    model: Model

    def ask(self, project: Path, prompt: str, *arguments: str, **environment: str) -> dict[str, Any]:
        """Run a prompt to its end in a project; return what the client says, which must not be an error."""
        project.mkdir(parents=True, exist_ok=True)
        self.home.mkdir(exist_ok=True)
        command = [str(self.binary), "-p", prompt, "--output-format", "json", "--plugin-dir", str(self.plugin)]
        command += ["--permission-mode", "bypassPermissions", "--debug-file", str(self.home / "debug.log"), *arguments]
        own = {
            "HOME": str(self.home),
            "CLAUDE_CONFIG_DIR": str(self.home / ".claude"),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "IS_SANDBOX": "1",
            "ANTHROPIC_API_KEY": "none",
            "ANTHROPIC_BASE_URL": self.model.url,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
        }
        done = subprocess.run(
            command,
            cwd=project,
            env={**own, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert not done.stderr.strip(), done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        assert not answer["is_error"], answer
        return answer

    def errors(self) -> list[str]:
        """Return what hooks complained of in the transcripts."""
        found: list[str] = []
        for transcript in (self.home / ".claude" / "projects").rglob("*.jsonl"):
            lines = transcript.read_text(encoding="utf-8").splitlines()
            found += [line for line in lines if any(mark in line for mark in COMPLAINTS)]
        return found


@pytest.fixture
def assistant(binary: Path, tmp_path: Path, memories: Home, model: Model) -> Assistant:
    plugin = tmp_path / "plugin"
    for name, text in render(sys.executable, str(memories.path)).items():
        (plugin / name).parent.mkdir(parents=True, exist_ok=True)
        (plugin / name).write_text(text, encoding="utf-8")
    return Assistant(binary, tmp_path / "client", plugin / PLUGIN, model)
