"""Caches in memory: one of its own, and one before a cache that others share, which is written to behind the back."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from recollect.exchange import Keep
from recollect.ports import SharedCache
from recollect.providers.late import Late

FRESH: Final = 1.0
"""Seconds after which it is looked whether another process has cleared the cache behind."""
ENTRY: Final = 200
"""Bytes an entry takes beside its value."""


class HeldCache:
    """The Cache port in memory; `room` is the most bytes, those asked for least recently go. `clock` is in seconds."""

    def __init__(self, *, room: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._room, self._clock = room, clock
        self._held: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._taken, self._epoch = 0, 0

    async def get(self, key: str) -> bytes | None:
        """Return the value, or `None`."""
        found = self._held.get(key)
        if found is None:
            return None
        value, until = found
        if until <= self._clock():
            self._drop(key)
            return None
        self._held.move_to_end(key)
        return value

    async def set(self, key: str, value: bytes, *, ttl: float, epoch: int | None = None) -> None:
        """Keep a value, unless the cache was cleared since `epoch`."""
        if epoch is not None and epoch != self._epoch:
            return
        self._drop(key)
        self._held[key] = (value, self._clock() + ttl)
        self._taken += len(value) + ENTRY
        while self._taken > self._room:
            self._drop(next(iter(self._held)))

    async def epoch(self) -> int:
        """Return how often the cache has been cleared."""
        return self._epoch

    async def clear(self) -> None:
        """Lose every entry."""
        self._held.clear()
        self._taken = 0
        self._epoch += 1

    def holding(self, pieces: Sequence[bytes]) -> int:
        """Return how many values hold one of these pieces."""
        return sum(any(piece in value for piece in pieces) for value, _ in self._held.values())

    def _drop(self, key: str) -> None:
        found = self._held.pop(key, None)
        if found is not None:
            self._taken -= len(found[0]) + ENTRY


class LayeredCache:
    """The Cache port over one in memory before a shared one; `front` forgets within a second what others clear.

    The one behind is written to a moment later: `settled` waits for it.
    """

    def __init__(self, front: HeldCache, back: SharedCache, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._front, self._back, self._clock = front, back, clock
        self._seen: int | None = None
        self._looked = 0.0
        self._late = Late("kept answers", self._write)

    async def get(self, key: str) -> bytes | None:
        """Return the value that is held here or there."""
        await self._look()
        held = await self._front.get(key)
        return await self._back.get(key) if held is None else held

    async def set(self, key: str, value: bytes, *, ttl: float, epoch: int | None = None) -> None:
        """Keep a value in both, unless the cache was cleared since `epoch`; soon in the one behind."""
        seen = await self._look()
        if epoch is not None and epoch != seen:
            return
        await self._front.set(key, value, ttl=ttl)
        self._late.put((self._clock(), Keep(key, value, ttl, seen)))

    async def epoch(self) -> int:
        """Return that of the cache behind, as it was a second ago at most: an older one keeps less, never more."""
        return await self._look()

    async def clear(self) -> None:
        """Lose every entry of both."""
        self._late.drop()
        await self._front.clear()
        await self._back.clear()
        self._seen = None  # it is another one now
        await self._front.clear()  # what was put there meanwhile

    async def holding(self, pieces: Sequence[bytes]) -> int:
        """Return how many values here and there hold one of these pieces; of one in both, two."""
        await self.settled()
        return self._front.holding(pieces) + await self._back.holding(pieces)

    async def settled(self) -> None:
        """Wait until everything set so far is written behind."""
        await self._late.settled()

    async def _write(self, put: Sequence[tuple[float, Keep]]) -> None:
        """Write what was set, and when; the time since then is part of its time."""
        now = self._clock()
        aged = [replace(one, ttl=one.ttl - (now - at)) for at, one in put]
        await self._back.keep([one for one in aged if one.ttl > 0])

    async def _look(self) -> int:
        """Return the epoch behind, looked up once a second, and forget what is held here when it has changed."""
        now = self._clock()
        if self._seen is None or now - self._looked >= FRESH or not self._looked:
            epoch = await self._back.epoch()
            if self._seen is not None and epoch != self._seen:
                await self._front.clear()
            self._seen, self._looked = epoch, now
        return self._seen
