"""How fast a core runs at the moment, and which rounds of a measurement fell into calm moments.

A core of a rented machine may share its arithmetic units and its cache with a stranger's. While that one works, for
seconds or for minutes, everything here takes up to 1.7 times as long; the kernel sees none of it. A fixed piece of work
does.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import simsimd
from numpy.typing import NDArray

Found = TypeVar("Found")
Item = TypeVar("Item")

LOOP = 10_000
"""Steps of a loop in Python: half a millisecond."""

SCANNED = (26_000, 384)
"""What is scanned, in bytes: ten megabytes, about what a search reads, and more than a core has to itself."""

TIMES = 4
"""How many times as many as count are asked for: the calmest of them count."""

ROUND = 10
"""Measurements between two looks at the pace, where each takes milliseconds."""

PAUSE = 0.5
"""Seconds between looks at the pace beside what takes seconds."""


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


def everywhere() -> float:
    """Return the mean pace of all cores."""
    cores = os.sched_getaffinity(0)
    paces = []
    for core in cores:
        os.sched_setaffinity(0, {core})
        paces.append(pace())
    os.sched_setaffinity(0, cores)
    return sum(paces) / len(paces)


@dataclass(slots=True)
class Rounds(Generic[Found]):
    """What was measured in each round, and the pace meanwhile."""

    found: list[Found] = field(default_factory=list)
    paces: list[float] = field(default_factory=list)

    def put(self, pace: float, found: Found) -> None:
        """Keep a round."""
        self.found.append(found)
        self.paces.append(pace)

    def calmest(self, one_in: int) -> list[Found]:
        """Return one in so many rounds, those in which the fixed work took least, in the order of the rounds."""
        ranked = sorted(range(len(self.paces)), key=self.paces.__getitem__)
        return [self.found[at] for at in sorted(ranked[: -(-len(ranked) // one_in)])]


class Times(Rounds[list[float]]):
    """Milliseconds in rounds."""

    def all(self) -> list[float]:
        """Return every one."""
        return [one for found in self.found for one in found]

    def calm(self) -> list[float]:
        """Return those that count."""
        return [one for found in self.calmest(TIMES) for one in found]


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


@contextmanager
def felt() -> Iterator[list[float]]:
    """Have a process of its own look at all cores twice a second meanwhile; the mean is in the list at the end."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.pace"],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        found: list[float] = []
        try:
            yield found
        finally:
            output, _ = process.communicate()
            found.append(float(json.loads(output)))


def main() -> None:
    """Look at the pace until standard input is closed, and print the mean."""
    paces = [everywhere()]
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        paces.append(everywhere())
    print(json.dumps(sum(paces) / len(paces)))


if __name__ == "__main__":
    main()
