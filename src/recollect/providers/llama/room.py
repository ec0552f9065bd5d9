"""How much memory there is for models, as far as the system says."""

from __future__ import annotations

from pathlib import Path
from typing import Final

MEMINFO: Final = Path("/proc/meminfo")
GROUPS: Final = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)
"""What a container may take and has taken, in both versions of control groups."""


def free_memory() -> int | None:
    """Return how many bytes this process may still take; None where the system does not say."""
    found = [value for value in (_available(), *(_left(*files) for files in GROUPS)) if value is not None]
    return min(found) if found else None


def _available() -> int | None:
    try:
        for line in MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def _left(limit: Path, used: Path) -> int | None:
    try:
        most = limit.read_text(encoding="ascii").strip()
        return max(0, int(most) - int(used.read_text(encoding="ascii"))) if most.isdigit() else None
    except (OSError, ValueError):
        return None
