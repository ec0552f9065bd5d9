"""Who a worker is, so that claims of a process that died on this machine are taken back at once."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress

from recollect.ports import Queue


def own_name() -> str:
    """Return a name for this process's worker: host, process id, and a token of its own."""
    return f"{_place()}/{os.getpid()}/{secrets.token_hex(4)}"


def is_gone(worker: str) -> bool:
    """Whether a worker surely runs no more: it was a process of this machine, and that process is not there."""
    host, _, rest = worker.partition("/")
    pid, _, _ = rest.partition("/")
    if host != _place() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OSError):
        return False
    return False


async def release_abandoned(queue: Queue) -> int:
    """Make the jobs of dead workers ready again; return how many."""
    return sum([await queue.release(worker) for worker in await queue.workers() if is_gone(worker)])


def _place() -> str:
    """Return this machine, as far as its process ids reach: containers may share its name, but count by themselves."""
    with suppress(OSError):
        return f"{socket.gethostname()}:{os.stat('/proc/self/ns/pid').st_ino}"  # noqa: PTH116 - it is no real path
    return socket.gethostname()
