"""The shortest ways through what is tied together, found step by step from one end, whoever tells the ties."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

SEEN: Final = 20_000
"""Things that are met before the other end counts as too far to look for."""

MANY: Final = 200
"""Ways of one length that are told; which of more there are is not said."""

Way = tuple[int, ...]


class Seeking:
    """A search in the making: `edge` is what was met last, whose ties are wanted next; empty once it is over."""

    def __init__(self, start: int, end: int) -> None:
        self._end = end
        self._before: dict[int, list[int]] = {start: []}
        self.edge = {start}

    def step(self, ties: Iterable[tuple[int, int]]) -> None:
        """Take one step along these ties, which lead both ways."""
        met: dict[int, set[int]] = {}
        for one, other in ties:
            for here, there in ((one, other), (other, one)):
                if here in self.edge and there not in self._before:
                    met.setdefault(there, set()).add(here)
        self._before.update((there, sorted(here)) for there, here in met.items())
        over = self._end in met or len(self._before) > SEEN
        self.edge = set() if over else set(met)

    def ways(self) -> list[Way]:
        """Return the shortest ways found, at most `MANY`; none where the other end was not met."""
        if self._end not in self._before:
            return []
        ways: list[Way] = [(self._end,)]
        while self._before[ways[0][0]]:
            ways = [(key, *way) for way in ways for key in self._before[way[0]]][:MANY]
        return ways
