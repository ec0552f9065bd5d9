"""Puts off what brings many memories at once while too many jobs wait; what comes one by one is always taken."""

from __future__ import annotations

import time
from typing import Final

from fastapi import Depends, HTTPException, Request

from recollect.library import AsyncMemory
from recollect.settings import Settings

KEPT: Final = 1.0
"""Seconds for which a count is good."""
SHARE: Final = 50
"""… and so many times what it took: counting takes 2 % of the time at most."""
LATER: Final = 15
"""Seconds after which a client is asked to come again."""


class Backlog:
    """How many jobs wait, counted now and then."""

    def __init__(self) -> None:
        self._waiting = 0
        self._until = 0.0

    async def waiting(self, memory: AsyncMemory) -> int:
        """Return how many jobs waited a moment ago."""
        if time.monotonic() >= self._until:
            begun = time.monotonic()
            self._until = begun + KEPT  # whoever asks meanwhile is told the last count
            self._waiting = await memory.app.engine.stores.queue.waiting()
            took = time.monotonic() - begun
            self._until = begun + took + max(KEPT, SHARE * took)
        return self._waiting


async def _room(request: Request) -> None:
    state = request.app.state
    settings: Settings = state.settings
    most = settings.worker.backlog
    if not most:
        return
    if not hasattr(state, "backlog"):
        state.backlog = Backlog()
    backlog: Backlog = state.backlog
    if await backlog.waiting(state.memory) > most:
        raise HTTPException(
            429,
            f"More than {most} jobs wait to be done: what brings many memories is put off",
            headers={"Retry-After": str(LATER)},
        )


UNLESS_BEHIND = Depends(_room)
"""For routes that bring many memories at once: 429 with Retry-After while `worker.backlog` is exceeded."""
