"""A Chroma of the tests' own. It has an environment of its own: all of Chroma does not go beside its bare client."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from tests.small_disk import small_disk

ROOT = Path(__file__).parents[1]
PLACES = (".venv/.chroma/bin/chroma", ".bench/chroma/bin/chroma")
"""Where its program is: as `.ci/run` installs it, or as the benchmarks do."""


class Chroma:
    """One server on a port of its own, which it keeps when it is killed and started again; it logs in a folder."""

    def __init__(self, program: str, folder: Path, data: Path | None = None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        self.url = f"chroma://127.0.0.1:{port}"
        self._beat = f"http://127.0.0.1:{port}/api/v2/heartbeat"
        self.data = data or folder / "data"
        self._log = folder / "log"
        self._command = [program, "run", "--path", str(self.data), "--host", "127.0.0.1", "--port", str(port)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=self._log.parent, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with urlopen(self._beat, timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError(self._log.read_text()[-2000:])

    def kill(self) -> None:
        """Kill it the hard way."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def program() -> str:
    """Return where Chroma's program is; skip the test where there is none to be had."""
    here = next((str(ROOT / place) for place in PLACES if (ROOT / place).exists()), None)
    found = here or shutil.which("chroma")
    if found is None:
        pytest.skip("no Chroma is installed")
    return found


@contextmanager
def chroma(room: str = "") -> Iterator[Chroma]:
    """Give a running Chroma, on a disk of so much room where one is named; skip the test where that cannot be had."""
    found = program()
    with ExitStack() as closing:
        folder = Path(
            closing.enter_context(tempfile.TemporaryDirectory(prefix="recollect-chroma", ignore_cleanup_errors=True))
        )
        disk = closing.enter_context(small_disk(folder / "disk", room)) if room else None
        server = Chroma(found, folder, disk)
        closing.callback(server.kill)
        server.start()
        yield server
