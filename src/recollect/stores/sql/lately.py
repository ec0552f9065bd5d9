"""Remembers for a short while what took long to find out."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

SECONDS = 10.0
"""How long something is remembered at most."""

SHARE = 100
"""For how many times as long as it took, up to that: so that no more than a hundredth of the time goes into it."""

QUICK = 0.005
"""What took no longer than this many seconds is found out anew each time."""


class Lately(Generic[K, V]):
    """Answers by key, the latest `most`. Two threads may find out the same at once; the later one is kept."""

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def of(self, key: K, find: Callable[[], V]) -> V:
        """Return what is remembered under a key, found out where nothing is."""
        kept = self._kept.get(key)
        began = time.monotonic()
        if kept is not None and kept[0] > began:
            return kept[1]
        found = find()
        took = time.monotonic() - began
        if took > QUICK:
            self.keep(key, found, SHARE * took)
        return found

    def keep(self, key: K, value: V, seconds: float = SECONDS) -> None:
        """Remember a value."""
        self._kept[key] = (time.monotonic() + min(seconds, SECONDS), value)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, key: K) -> V | None:
        """Return what is remembered, `None` where nothing is."""
        kept = self._kept.get(key)
        return None if kept is None or kept[0] <= time.monotonic() else kept[1]
