"""The file by which commands find the server of a data directory, and how they make sure that it is the one."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recollect.api.guard.open import INSTANCE, LIVE
from recollect.server.private import create_private
from recollect.version import __version__


@dataclass(frozen=True, slots=True)
class Record:
    """A running server: its process (and when the system started that), where it listens, a name of its own."""

    pid: int
    born: str | None
    host: str
    port: int
    instance: str
    version: str
    started_at: str

    @property
    def url(self) -> str:
        """Where it can be reached from this machine."""
        return f"http://{bracketed(reachable(self.host))}:{self.port}"


def bracketed(host: str) -> str:
    """Return a host as it stands in an address."""
    return f"[{host}]" if ":" in host else host


def reachable(host: str) -> str:
    """Return an address by which this machine reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - it is read, not bound


def path_of(home: Path) -> Path:
    """Return where a data directory's file is."""
    return home / "server.json"


def record_of(host: str, taken: socket.socket, instance: str | None = None) -> Record:
    """Return what this process is found by, as a server that listens on a socket; a new one where none is named."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    pid = os.getpid()
    return Record(pid, birth(pid), host, taken.getsockname()[1], instance or new_instance(), __version__, now)


def new_instance() -> str:
    """Return a name that no other server has."""
    return secrets.token_hex(8)


def read(home: Path) -> Record | None:
    """Return what the file says, `None` when there is none or it makes no sense."""
    try:
        found: Any = json.loads(path_of(home).read_text(encoding="utf-8"))
        return Record(**found) if isinstance(found, dict) and isinstance(found.get("pid"), int) else None
    except (OSError, ValueError, TypeError):
        return None


def claim(home: Path, record: Record) -> Record | None:
    """Write the file, unless a server that runs has done so: that one is returned."""
    text = json.dumps(asdict(record)) + "\n"
    while not create_private(path_of(home), text):
        other = read(home)
        if other is not None and is_running(other):
            return other
        path_of(home).unlink(missing_ok=True)
    return None


def withdraw(home: Path, record: Record) -> None:
    """Remove the file if it is this server's."""
    if read(home) == record:
        path_of(home).unlink(missing_ok=True)


def running(home: Path) -> Record | None:
    """Return the server of a data directory if it runs."""
    record = read(home)
    return record if record is not None and is_running(record) else None


def is_running(record: Record) -> bool:
    """Whether this very server runs: its process is there, and is not another one that was given its number."""
    if not _exists(record.pid):
        return False
    born = birth(record.pid)
    if born is not None and record.born is not None:
        return born == record.born
    return answers(record)


def answers(record: Record, timeout: float = 2.0) -> bool:
    """Whether the server answers where it says, by its own name."""
    with suppress(OSError, http.client.HTTPException):
        status, headers, _ = ask(record, LIVE, timeout=timeout)
        return status == http.HTTPStatus.OK and headers.get(INSTANCE) == record.instance
    return False


def ask(
    record: Record, path: str, *, token: str | None = None, timeout: float = 5.0
) -> tuple[int, Mapping[str, str], bytes]:
    """Ask a server on this machine; return status, headers (names in lower case) and body.

    Raises OSError or HTTPException when it cannot be reached.
    """
    connection = http.client.HTTPConnection(reachable(record.host), record.port, timeout=timeout)
    headers = {"Host": f"{bracketed(reachable(record.host))}:{record.port}"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def gone(record: Record, within: float, pause: float = 0.05) -> bool:
    """Wait until a server has ended; `False` when it still runs after `within` seconds."""
    end = time.monotonic() + within
    while is_running(record):
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
    return True


def birth(pid: int) -> str | None:
    """Return when the system started a process, `None` where it does not say."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if len(fields) < 20 else fields[19]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return _state(pid) != "Z"


def _state(pid: int) -> str:
    with suppress(OSError, IndexError):
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()[0]
    return ""
