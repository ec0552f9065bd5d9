"""Remembers how long deeds took since this process began, for who asks how fast the memory is."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from recollect.meters import Deed

TOLD: Final = ("search", "context", "capture", "embed")


@dataclass(slots=True)
class Sum:
    """Deeds of one verb: how many, their seconds together, the slowest."""

    count: int = 0
    seconds: float = 0.0
    slowest: float = 0.0


class Timings:
    """A meter that adds up."""

    def __init__(self) -> None:
        self._sums = {verb: Sum() for verb in TOLD}
        self._adding = threading.Lock()

    def __call__(self, deed: Deed) -> None:
        """Count a deed, if it is of those that are told."""
        found = self._sums.get(deed.verb)
        if found is None:
            return
        with self._adding:
            found.count += 1
            found.seconds += deed.seconds
            found.slowest = max(found.slowest, deed.seconds)

    def lines(self) -> list[str]:
        """Return a line for each verb that was done at all."""
        return [
            f"{verb}: {one.count} times since this process began, {1000 * one.seconds / one.count:.1f} ms on average, "
            f"{1000 * one.slowest:.1f} ms at most"
            for verb, one in self._sums.items()
            if one.count
        ]
