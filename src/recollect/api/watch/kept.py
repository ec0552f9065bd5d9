"""Figures that cost something to have: asked for one at a time, and kept for a while, the longer the more they cost."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from recollect.errors import RecollectError
from recollect.library import AsyncMemory

T = TypeVar("T")

log = logging.getLogger(__name__)

SHARE: Final = 50
"""Figures are kept for at least so many times what it took to have them: that takes 2 % of the time at most."""
WAITED: Final = 2.0
"""Seconds a scrape waits for figures before it goes without or with those it has."""


class Kept(Generic[T]):
    """What `count` says of a store, of a moment ago: not older than `seconds`, unless that would be too dear."""

    def __init__(self, count: Callable[[AsyncMemory], Awaitable[T]], seconds: float) -> None:
        self._count, self._seconds = count, seconds
        self._latest: T | None = None
        self._until = 0.0
        self._counting: asyncio.Task[None] | None = None

    async def latest(self, memory: AsyncMemory) -> T | None:
        """Return the figures; `None` while there are none yet, or the store does not answer."""
        if time.monotonic() >= self._until and (self._counting is None or self._counting.done()):
            self._counting = asyncio.create_task(self._renew(memory), name="recollect-count")
        if self._counting is not None and not self._counting.done():
            await asyncio.wait([self._counting], timeout=WAITED)
        return self._latest

    async def _renew(self, memory: AsyncMemory) -> None:
        began = time.monotonic()
        try:
            self._latest = await self._count(memory)
        except RecollectError as error:
            log.warning("The store could not be counted: %s", error.code)
        now = time.monotonic()
        self._until = now + max(self._seconds, SHARE * (now - began))
