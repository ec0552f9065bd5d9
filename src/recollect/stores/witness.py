"""A small file that remembers how far a log had come, so that a log cut short is noticed."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recollect.models import AuditHead

if sys.platform != "win32":
    import fcntl


class Witness:
    """The last end of a log that this data directory has seen become durable.

    It is replaced as a whole and only ever moves on. Where it cannot be written the log goes on without it: a log that
    stops because its witness cannot be written would be worse.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def head(self) -> AuditHead | None:
        """Return the end that was seen last; `None` where there is none, or nothing that can be read."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            held = json.loads(self._path.read_text(encoding="ascii"))
            return AuditHead(int(held["seq"]), str(held["digest"]))
        return None

    async def saw(self, head: AuditHead) -> None:
        """Remember an end, unless a later one is remembered already."""
        await asyncio.to_thread(self._write, head)

    def _write(self, head: AuditHead) -> None:
        with self._lock, suppress(OSError), _alone(self._path.with_name(f"{self._path.name}.lock")):
            held = self.head()
            if held is not None and held.seq >= head.seq:
                return
            new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
            new.write_text(json.dumps({"seq": head.seq, "digest": head.digest}), encoding="ascii")
            new.replace(self._path)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes of the data directory out while the block runs, where the system can."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        if sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
