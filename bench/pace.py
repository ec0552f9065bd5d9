"""How fast a core runs at the moment, and which rounds of a measurement fell into calm moments.

A core of a rented machine may share its arithmetic units and its cache with a stranger's. While that one works, for
seconds or for minutes, everything here takes up to 1.7 times as long; the kernel sees none of it. A fixed piece of work
does.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

import numpy as np
import simsimd
from numpy.typing import NDArray

Item = TypeVar("Item")

LOOP = 10_000
"""Steps of a loop in Python: half a millisecond."""

SCANNED = (26_000, 384)
"""What is scanned, in bytes: ten megabytes, about what a search reads, and more than a core has to itself."""

TIMES = 4
"""How many times as many as count are asked for: the calmest of them count."""

ROUND = 10
"""Measurements between two looks at the pace, where each takes milliseconds."""


def pace() -> float:
    """Return the milliseconds of processor time that the fixed work takes at the moment, on the core this runs on."""
    scanned = _scanned()
    started, total = time.thread_time(), 0
    for step in range(LOOP):
        total += step * step % 7
    simsimd.cdist(scanned, scanned[:1], "dot", threads=1, out_dtype="f32")
    return (time.thread_time() - started) * 1000


@cache
def _scanned() -> NDArray[np.int8]:
    return np.ones(SCANNED, np.int8)


@dataclass(slots=True)
class Times:
    """Milliseconds in rounds, and the pace meanwhile."""

    found: list[list[float]] = field(default_factory=list)
    paces: list[float] = field(default_factory=list)

    def put(self, pace: float, found: list[float]) -> None:
        """Keep a round."""
        self.found.append(found)
        self.paces.append(pace)

    def all(self) -> list[float]:
        """Return every one."""
        return [one for found in self.found for one in found]

    def calm(self) -> list[float]:
        """Return those that count: of the rounds in which the fixed work took least."""
        ranked = sorted(range(len(self.paces)), key=self.paces.__getitem__)
        return [one for at in sorted(ranked[: -(-len(ranked) // TIMES)]) for one in self.found[at]]


async def in_rounds(work: Callable[[Item], Awaitable[float]], items: Sequence[Item], each: int = ROUND) -> Times:
    """Measure one item after the other; a round's pace is the mean of those before and after it."""
    rounds = Times()
    before = pace()
    for start in range(0, len(items), each):
        times = [await work(item) for item in items[start : start + each]]
        after = pace()
        rounds.put((before + after) / 2, times)
        before = after
    return rounds
