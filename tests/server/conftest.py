"""Starts real servers, each a process of its own, and ends them when the test does."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from recollect.server import record, token

COMMAND = [sys.executable, "-c", "from recollect.cli.main import main; main()"]
START_WITHIN = 120.0


@dataclass
class Server:
    """A server under test."""

    process: subprocess.Popen[bytes]
    home: Path
    url: str = ""
    said: list[bytes] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {token.read(self.home)}"}

    def client(self, **more: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=20, **more)

    def end(self, number: signal.Signals = signal.SIGTERM, within: float = 10.0) -> tuple[int, float, str]:
        """Send a signal; return the exit code, the seconds until the end, and what was said on stderr."""
        begun = time.monotonic()
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=within)
        return self.process.returncode, time.monotonic() - begun, said.decode()


def until(found: Callable[[], Any], what: str, within: float = START_WITHIN) -> Any:
    """Look until there is something to be seen."""
    end = time.monotonic() + within
    while not (seen := found()):
        assert time.monotonic() < end, f"{what} in {within} seconds"
        time.sleep(0.01)
    return seen


def is_ready(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/health/ready", timeout=5).status_code == 200
    return False


def plain_environment() -> dict[str, str]:
    """The environment of servers under test: nothing is embedded, and what is compiled is kept."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RECOLLECT_")}
    return {**kept, "RECOLLECT_EMBEDDER__PROVIDER": "none", "PYTHONDONTWRITEBYTECODE": ""}


class Start:
    """Starts servers over one data directory; none of them outlives it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._started: list[Server] = []

    def __call__(self, *arguments: str, ready: bool = True, **settings: object) -> Server:
        named = {f"RECOLLECT_{name.upper()}": str(value) for name, value in settings.items()}
        before = record.read(self._home)
        command = [*COMMAND, "serve", "--home", str(self._home), *(arguments or ("--port", "0"))]
        env = {**plain_environment(), **named}
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        server = Server(process, self._home)
        self._started.append(server)
        if ready:
            found = until(lambda: _fresh(self._home, before, process), "the server's file was written")
            server.url = found.url
            until(lambda: is_ready(found.url), "the server was ready")
        return server

    def close(self) -> None:
        for server in self._started:
            server.process.kill()
            server.process.communicate()


@pytest.fixture
def environment() -> dict[str, str]:
    return plain_environment()


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    starter = Start(home)
    yield starter
    starter.close()


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of a file, that gives its clients little time and room."""
    starter = Start(tmp_path_factory.mktemp("impatient") / "home")
    yield starter(server__header_timeout=0.5, server__body_timeout=0.5, server__body_mb=1)
    starter.close()


def _fresh(home: Path, before: record.Record | None, process: subprocess.Popen[bytes]) -> record.Record | None:
    assert process.poll() is None, process.communicate()[1].decode()
    found = record.read(home)
    return found if found is not None and found != before and found.pid == process.pid else None
