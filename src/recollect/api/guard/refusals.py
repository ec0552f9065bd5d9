"""Notes who showed tokens that open nothing, without letting him fill the log by it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from recollect.errors import RecollectError
from recollect.models import Decision, Deed

log = logging.getLogger(__name__)

WINDOW: Final = 60.0
"""Seconds over which what comes from one place is counted."""

MOST: Final = 20
"""Places that are told apart within that time; those of all others are counted together."""

OTHERS: Final = "others"


class Refusals:
    """The first refusal from a place is noted at once, the others of the same minute as one entry at its end.

    So at most `2 * MOST + 2` entries a minute are written, however many try. What was counted and not noted yet is
    noted when the server stops; only a kill loses it.
    """

    def __init__(self, note: Callable[[Deed], Awaitable[Any]], *, window: float = WINDOW) -> None:
        self._note, self._window = note, window
        self._counts: dict[str, int] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def refused(self, origin: str) -> None:
        """Count a token that opens nothing; returns at once, and whoever is answered waits for nothing."""
        if not self._counts:
            asyncio.get_running_loop().call_later(self._window, self._ended)
        place = origin if origin in self._counts or len(self._counts) < MOST else OTHERS
        first = place not in self._counts
        self._counts[place] = self._counts.get(place, 0) + 1
        if first:
            self._start(self._write({place: 1}))

    async def close(self) -> None:
        """Note what was counted so far."""
        self._ended()
        while self._writing:
            await asyncio.gather(*self._writing, return_exceptions=True)

    def _ended(self) -> None:
        more = {place: count - 1 for place, count in self._counts.items() if count > 1}
        self._counts.clear()
        if more:
            self._start(self._write(more))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, counts: dict[str, int]) -> None:
        for place, times in counts.items():
            try:
                await self._note(Deed("authenticate", decision=Decision.FAILED, origin=place, times=times))
            except RecollectError as error:
                log.warning("A refused token could not be noted: %s", error)


def refusals_of(app: Any) -> Refusals:
    """Return what counts refusals for an application that holds a library, made at the first of them."""
    held: Refusals | None = getattr(app.state, "refusals", None)
    if held is None:
        held = app.state.refusals = Refusals(app.state.memory.app.audit.note)
    return held


async def note_refusals(app: Any) -> None:
    """Note what an application has counted, before its library is closed."""
    held: Refusals | None = getattr(app.state, "refusals", None)
    if held is not None:
        await held.close()
