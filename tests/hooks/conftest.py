"""Runs hooks as an agent does, each a process of its own, and a server that does with them what a test wants."""

from __future__ import annotations

import contextlib
import json
import socket as net
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from recollect.hooks.command import command

PROMPT = {"session_id": "s1", "hook_event_name": "UserPromptSubmit", "prompt": "Where do we deploy?"}


@dataclass
class Listener:
    """A server that takes events and answers as it is told."""

    home: Path
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answer: bytes = b'{"output":null}'
    status: int = 200
    hangs: threading.Event = field(default_factory=threading.Event)
    socket: net.socket = field(default_factory=lambda: net.create_server(("127.0.0.1", 0), backlog=200))

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    @property
    def envelopes(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.taken]

    def announce(self) -> None:
        """Write what a server of this data directory writes."""
        self.home.mkdir(mode=0o700, exist_ok=True)
        told = {"pid": 1, "born": None, "host": "127.0.0.1", "port": self.port, "instance": "i", "version": "0"}
        (self.home / "server.json").write_text(json.dumps(told))
        (self.home / "token").write_text("rec_secret\n")

    def stop(self) -> None:
        """Listen no longer; the file stays, as that of a server that was killed does."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(net.SHUT_RDWR)
        self.socket.close()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: net.socket) -> None:
        with connection, connection.makefile("rb") as said:
            first = said.readline().decode().strip()
            headers: dict[str, str] = {}
            while line := said.readline().decode().strip():
                name, _, value = line.partition(": ")
                headers[name.lower()] = value
            if not first:
                return
            self.taken.append((first, headers, said.read(int(headers["content-length"]))))
            if self.hangs.is_set():
                time.sleep(5)
                return
            head = f"HTTP/1.1 {self.status} Any\r\ncontent-length: {len(self.answer)}\r\n\r\n"
            connection.sendall(head.encode() + self.answer)


@pytest.fixture
def listener(home: Path) -> Iterator[Listener]:
    made = Listener(home)
    made.announce()
    threading.Thread(target=made.serve, daemon=True).start()
    yield made
    made.stop()


@dataclass(frozen=True)
class Hook:
    """Runs hooks of one data directory."""

    home: Path

    def begin(self, event: str, *more: str) -> subprocess.Popen[bytes]:
        line = [*command("claude-code", event, str(self.home)), *more]
        return subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __call__(self, event: str, given: object = PROMPT, *more: str) -> bytes:
        """Run a hook to its end; return what it said, having checked what no hook may do."""
        raw = given if isinstance(given, bytes) else json.dumps(given).encode()
        process = self.begin(event, *more)
        said, errors = process.communicate(raw, timeout=30)
        assert (process.returncode, errors) == (0, b"")
        return said

    @property
    def spooled(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_bytes()) for path in sorted((self.home / "spool").glob("*.json"))]


@pytest.fixture
def hook(home: Path) -> Hook:
    assert sys.executable
    return Hook(home)
