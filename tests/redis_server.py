"""A Redis of the tests' own, alone or with a replica and a sentinel."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class RedisServer:
    """One process in a folder of its own; it keeps its port when it is killed and started again."""

    def __init__(self, folder: Path, *options: str, sentinel: str = "") -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        own = folder / str(self.port)
        own.mkdir()
        lines = [f"port {self.port}", "bind 127.0.0.1", f"dir {own}", 'save ""', "protected-mode no", *options]
        file = own / "conf"
        file.write_text("\n".join([*lines, sentinel]) + "\n")
        self._command = ["redis-server", str(file), *(["--sentinel"] if sentinel else [])]
        self._log = own / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with self.client() as client:
                    client.ping()
            except RedisError:
                time.sleep(0.02)
            else:
                return
        raise TimeoutError(self._log.read_text()[-2000:])

    def client(self) -> Redis:
        """Return a client of the test's own."""
        return Redis(port=self.port)

    def kill(self) -> None:
        """Kill it the hard way."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def redis_folder() -> Iterator[Path]:
    """Give a folder for servers; skip the test where there is no Redis to be had."""
    if shutil.which("redis-server") is None:
        pytest.skip("no Redis is installed")
    folder = Path(tempfile.mkdtemp(prefix="recollect-redis"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Give a running Redis."""
    with redis_folder() as folder:
        server = RedisServer(folder)
        try:
            server.start()
            yield server
        finally:
            server.kill()
