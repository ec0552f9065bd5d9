"""How fast a core runs at the moment, and which rounds of a measurement fell into calm moments.

A core of a rented machine may share its arithmetic units and its cache with a stranger's. While that one works, for
seconds or for minutes, everything here takes up to 1.7 times as long; the kernel sees none of it. A fixed piece of work
does. Peers are measured by this too, in environments of their own: it needs numpy, and nothing of recollect.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")
Found = TypeVar("Found")

LOOP = 10_000
"""Steps of a loop in Python: half a millisecond."""

SCANNED = 10_000_000
"""Bytes that are read: about what a search reads, and more than a core has to itself."""

TIMES = 4
"""How many times as many as count are measured: the calmest of them count."""

CORES = 8
"""So many cores are looked at."""

CALM = 1.15
"""How many times as long as ever the fixed work may take in a calm moment."""

PATIENCE = 90.0
"""Seconds after which calm moments are waited for no longer."""

ROUND = 10
"""Measurements between two looks at the pace, where each takes milliseconds."""

_KEPT = Path(__file__).parents[1] / ".bench" / "pace"


def pace() -> float:
    """Return the milliseconds of processor time that the fixed work takes at the moment, on the slowest core.

    Work goes from thread to thread and so from core to core.
    """
    cores = os.sched_getaffinity(0)
    try:
        return max(_on(core) for core in sorted(cores)[:CORES])
    finally:
        os.sched_setaffinity(0, cores)


def _on(core: int) -> float:
    os.sched_setaffinity(0, {core})  # of this thread alone
    scanned = _scanned()
    started, total = time.thread_time(), 0
    for step in range(LOOP):
        total += step * step % 7
    scanned.max()
    return (time.thread_time() - started) * 1000


@cache
def _scanned() -> NDArray[np.int8]:
    return np.ones(SCANNED, np.int8)


def least(*seen: float) -> float:
    """Return the least that the fixed work ever took on this machine, among it what was `seen` now; it is kept."""
    known = float(_KEPT.read_text(encoding="ascii")) if _KEPT.exists() else float("inf")
    found = min(known, *seen)
    if found < known:
        _KEPT.parent.mkdir(exist_ok=True)
        new = _KEPT.with_suffix(".new")
        new.write_text(f"{found:.4f}\n", encoding="ascii")
        new.replace(_KEPT)
    return found


@dataclass(slots=True)
class Times(Generic[Found]):
    """What was measured in rounds (milliseconds, mostly), of which `count` count, and the pace meanwhile."""

    count: int
    found: list[list[Found]] = field(default_factory=list)
    paces: list[float] = field(default_factory=list)

    def put(self, pace: float, found: list[Found]) -> None:
        """Keep a round."""
        self.found.append(found)
        self.paces.append(pace)

    def all(self) -> list[Found]:
        """Return every one."""
        return [one for found in self.found for one in found]

    def calm(self) -> list[Found]:
        """Return those that count: of the rounds in which the fixed work took least."""
        return [one for at in self._counted() for one in self.found[at]]

    def pace(self) -> float:
        """Return how many times as long as ever the fixed work took in the middle of the rounds that count."""
        counted = sorted(self.paces[at] for at in self._counted())
        return round(counted[len(counted) // 2] / least(min(self.paces)), 2)

    def enough(self) -> bool:
        """Return whether as many as count fell into calm moments."""
        bound = CALM * least(min(self.paces))
        calm = sum(len(found) for pace, found in zip(self.paces, self.found, strict=True) if pace <= bound)
        return calm >= self.count

    def plenty(self) -> bool:
        """Return whether four times as many as count were measured."""
        return sum(map(len, self.found)) >= TIMES * self.count

    def _counted(self) -> list[int]:
        """Return the places of the rounds that count, in the order of time."""
        chosen, rest = [], self.count
        for at in sorted(range(len(self.paces)), key=self.paces.__getitem__):
            if rest > 0:
                chosen.append(at)
                rest -= len(self.found[at])
        return sorted(chosen)


async def in_rounds(
    work: Callable[[Item], Awaitable[Found]], items: Iterable[Item], count: int, each: int = ROUND
) -> Times[Found]:
    """Measure one item after the other until enough fell into calm moments, patience is at its end, or the items are.

    A round's pace is the mean of those before and after it.
    """
    rounds: Times[Found] = Times(count)
    rest = iter(items)
    until = time.monotonic() + PATIENCE
    before = pace()
    while some := list(islice(rest, each)):
        times = [await work(item) for item in some]
        after = pace()
        rounds.put((before + after) / 2, times)
        before = after
        if rounds.plenty() and (rounds.enough() or time.monotonic() > until):
            break
    return rounds
