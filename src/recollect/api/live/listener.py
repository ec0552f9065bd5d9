"""One listener's share of the live changes: a bounded buffer between the reader of the log and a socket."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection

from recollect.api.live.told import Told, Wanted
from recollect.models import Delete

MOST, MOST_BYTES = 4096, 4 << 20
"""How much may wait for a listener: events, and bytes of them."""


class Listener:
    """Holds what one listener has not been sent yet.

    `lagging` is set when that would be too much: what waited is dropped, to be read from the log again at the
    listener's own pace. `over` is set when the server stops.
    """

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.over = asyncio.Event()
        self.lagging = False
        self._after = 0
        self._waiting: deque[Told] = deque()
        self._bytes = 0
        self._woken = asyncio.Event()

    def begin(self, after: int) -> None:
        """Take whatever comes after a place in the log."""
        self._after = after
        self.lagging = False

    def offer(self, item: Told) -> None:
        """Take one event if it is wanted and new; never waits."""
        change = item.change
        if change is None and not self.wanted.jobs:
            return
        if self.lagging or (change is not None and (change.seq <= self._after or not self.wanted.covers(change))):
            return
        self._waiting.append(item)
        self._bytes += len(item.line(self.wanted))
        self._woken.set()
        if len(self._waiting) > MOST or (self._bytes > MOST_BYTES and len(self._waiting) > 1):
            self.take()
            self.lagging = True
            self._woken.set()

    def forget(self, ids: Collection[str]) -> None:
        """Drop what is not sent yet of memories that have been deleted meanwhile."""
        kept = [item for item in self._waiting if _about(item) not in ids]
        if len(kept) < len(self._waiting):
            self._waiting = deque(kept)
            self._bytes = sum(len(item.line(self.wanted)) for item in kept)

    def take(self) -> list[Told]:
        """Return everything that waits, in order."""
        taken = list(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        self._woken.clear()
        return taken

    def end(self) -> None:
        """Have nothing more than what waits."""
        self.over.set()
        self._woken.set()

    async def woken(self, seconds: float) -> bool:
        """Wait until there is something to take or it is over; return false when nothing came in time."""
        if self.over.is_set():
            return True
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        return True


def _about(item: Told) -> str | None:
    """Return whose text an event holds."""
    if item.change is None or isinstance(item.change.event, Delete):
        return None
    return item.change.event.memory.id
