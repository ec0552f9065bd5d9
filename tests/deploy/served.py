"""Servers of recollect over one data directory, each a process of its own, as the units of deploy/ start them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

COMMAND = [sys.executable, "-c", "from recollect.cli.main import main; main()"]
START_WITHIN = 120.0


class Served:
    """One server."""

    def __init__(self, home: Path, port: int, **settings: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RECOLLECT_")}
        named = {f"RECOLLECT_{name.upper()}": value for name, value in settings.items()}
        self.home, self.url = home, f"http://127.0.0.1:{port}"
        self.log = home.parent / f"server-{port}.log"
        with self.log.open("ab") as said:
            self.process = subprocess.Popen(
                [*COMMAND, "serve", "--home", str(home), "--port", str(port), "--quiet"],
                env={**kept, "PYTHONDONTWRITEBYTECODE": "", **named},
                stdout=said,
                stderr=said,
            )

    @property
    def headers(self) -> dict[str, str]:
        """What opens it."""
        return {"Authorization": f"Bearer {(self.home / 'token').read_text().strip()}"}

    def wait(self) -> None:
        """Wait until it can be sent requests."""
        try:
            waited(f"{self.url}/health/ready")
        except AssertionError as error:
            error.add_note(self.log.read_text(errors="replace")[-3000:])
            raise

    def end(self) -> None:
        """End it, whatever it is doing."""
        self.process.kill()
        self.process.wait()


def waited(url: str, within: float = START_WITHIN) -> None:
    """Wait until an address answers that all is well."""
    until = time.monotonic() + within
    while True:
        with suppress(httpx.TransportError):
            if httpx.get(url, timeout=5).status_code == 200:
                return
        assert time.monotonic() < until, f"{url} did not answer in {within} seconds"
        time.sleep(0.05)


@contextmanager
def running(*command: str | Path, ready: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; it is begun once `ready` answers."""
    with log.open("wb") as said:
        process = subprocess.Popen([str(part) for part in command], stdout=said, stderr=said)
    try:
        waited(ready)
        yield process
    except AssertionError as error:
        error.add_note(log.read_text(errors="replace")[-3000:])
        raise
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
