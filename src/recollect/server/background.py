"""Starts a server that outlives the command that started it, and waits until it is ready or has failed."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from recollect.api.guard.open import READY
from recollect.errors import RecollectError
from recollect.server import record
from recollect.server.private import write_private
from recollect.server.record import Record
from recollect.stores.sql.database import prepare_home

COMMAND: Final = "from recollect.cli.main import main; main()"
READY_WITHIN: Final = 60.0
PAUSE: Final = 0.05
SHOWN: Final = 600
"""Characters of what it said last that are told when a server does not start."""


def start(home: Path, arguments: Sequence[str]) -> Record:
    """Start `recollect serve` with these arguments in a session of its own; return it once it is ready.

    Its log goes to the log file; what else it says to `server.out` in the data directory, which each start begins anew.
    Raises RecollectError when a
    server of this directory runs already, or when it does not become ready.
    """
    prepare_home(home)
    other = record.running(home)
    if other is not None:
        raise RecollectError(
            f"A server of this data directory runs at {other.url} (process {other.pid})",
            hint="`recollect stop` stops it.",
        )
    said = home / "server.out"
    write_private(said, "")
    with said.open("ab") as out:
        child = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-P", "-c", COMMAND, "serve", "--quiet", "--home", str(home), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=home,
        )
    return _until_ready(home, child, said)


def _until_ready(home: Path, child: subprocess.Popen[bytes], said: Path) -> Record:
    end = time.monotonic() + READY_WITHIN
    while time.monotonic() < end:
        if child.poll() is not None:
            raise RecollectError(f"The server did not start: {_last(said)}", hint=f"All it said is in {said}.")
        found = record.read(home)
        if found is not None and found.pid == child.pid and is_ready(found):
            child.returncode = 0  # it is not ours to wait for
            return found
        time.sleep(PAUSE)
    child.terminate()
    raise RecollectError(
        f"The server was not ready in {READY_WITHIN:g} seconds and was stopped", hint=f"What it said is in {said}."
    )


def is_ready(found: Record) -> bool:
    """Whether a server says that it can be sent requests."""
    with suppress(OSError, http.client.HTTPException):
        return record.ask(found, READY)[0] == http.HTTPStatus.OK
    return False


def _last(said: Path) -> str:
    text = said.read_text(encoding="utf-8", errors="replace").strip()
    return " ".join(text[-SHOWN:].split()).removeprefix("error: ") or "it said nothing"
