"""What every measurement shares: percentiles, resident memory, and how a result leaves its process."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MARK = "RESULT "
"""Starts the line of a measurement's output that holds its result as JSON."""


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99 (nearest rank) and how many there were."""
    ranked = sorted(milliseconds)

    def at(share: float) -> float:
        return round(ranked[min(len(ranked) - 1, int(share * len(ranked)))], 3)

    return {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "n": len(ranked)}


def resident(process: int | None = None) -> dict[str, float]:
    """Return a process's resident memory in megabytes: all of it now, the part no file backs, and the most it was.

    Raises OSError where there is no /proc.
    """
    lines = Path(f"/proc/{process or os.getpid()}/status").read_text(encoding="ascii").splitlines()
    found = {line.partition(":")[0]: line for line in lines}
    names = {"now": "VmRSS", "private": "RssAnon", "peak": "VmHWM"}
    return {name: round(int(found[key].split()[1]) / 1024, 1) for name, key in names.items()}


def tell(result: Mapping[str, Any]) -> None:
    """Hand the result of this process to the one that started it."""
    print(MARK + json.dumps(result), flush=True)


def told(output: str) -> dict[str, Any] | None:
    """Return the last result in a process's output, or None."""
    for line in reversed(output.splitlines()):
        if line.startswith(MARK):
            value: dict[str, Any] = json.loads(line[len(MARK) :])
            return value
    return None
