"""What a scrape asks the store for; kept for a while, the longer the more it cost."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from recollect.errors import RecollectError
from recollect.exchange import Census
from recollect.library import AsyncMemory
from recollect.models import JobState
from recollect.ops.sync.state import figures

log = logging.getLogger(__name__)

KEPT: Final = 1.0
"""Seconds for which figures of the store are good."""
SHARE: Final = 50
"""… and at least so many times what it took to count them: counting takes 2 % of the time at most."""
WAITED: Final = 2.0
"""Seconds a scrape waits for figures before it goes without or with those it has."""
ACTIVE: Final = timedelta(minutes=30)
"""A session is active when it had a turn since then."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How much the store holds, how many jobs there are by name and state, and how far it is with its center."""

    census: Census
    jobs: Mapping[tuple[str, JobState], int]
    sync: Mapping[str, float] = field(default_factory=dict)


class Counted:
    """Counts the store when asked, one count at a time, and not more often than is cheap."""

    def __init__(self) -> None:
        self._latest: Standing | None = None
        self._until = 0.0
        self._counting: asyncio.Task[None] | None = None

    async def standing(self, memory: AsyncMemory) -> Standing | None:
        """Return figures of a moment ago; `None` while there are none yet, or the store does not answer."""
        if time.monotonic() >= self._until and (self._counting is None or self._counting.done()):
            self._counting = asyncio.create_task(self._count(memory), name="recollect-count")
        if self._counting is not None and not self._counting.done():
            await asyncio.wait([self._counting], timeout=WAITED)
        return self._latest

    async def _count(self, memory: AsyncMemory) -> None:
        began = time.monotonic()
        try:
            census = await memory.app.upkeep.census(datetime.now(UTC) - ACTIVE)
            jobs = await memory.app.engine.stores.queue.count()
            sync = await figures(memory.app)
        except RecollectError as error:
            log.warning("The store could not be counted: %s", error.code)
        else:
            self._latest = Standing(census, jobs, sync)
        now = time.monotonic()
        self._until = now + max(KEPT, SHARE * (now - began))
