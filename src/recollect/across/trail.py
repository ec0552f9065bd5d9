"""What questions over several projects leave behind, written right after the answer so that nobody waits for it."""

from __future__ import annotations

import asyncio
from typing import Final

from recollect import ports
from recollect.models import Deed, PastSearch

MOST: Final = 64
"""Writes on their way at once; who asks beyond that waits for them."""


class Trail:
    """Puts each question into the audit log and its user's history, in one transaction, in the order they were asked.

    A write is with a thread that the process waits for at its end before `leave` returns: only a kill or a power cut
    loses it. One that failed is tried again before anything more is answered (`made_up`), so that a log that cannot be
    written stops the reading it should tell of, one question late at most.
    """

    def __init__(self, behind: ports.Trail, *, keep: int) -> None:
        self._behind, self._keep = behind, keep
        self._going: set[asyncio.Task[None]] = set()
        self._failed: list[tuple[Deed, PastSearch | None]] = []

    async def leave(self, deed: Deed, past: PastSearch | None) -> None:
        """Have a question written, without waiting until it is."""
        task = asyncio.ensure_future(self._write(deed, past if self._keep else None))
        self._going.add(task)
        task.add_done_callback(self._going.discard)
        await asyncio.sleep(0)  # until it is with its thread

    async def made_up(self) -> None:
        """Write what could not be written before; raise what says that it still cannot be."""
        if len(self._going) > MOST:
            await self.settled()
        while self._failed:
            deed, past = self._failed.pop(0)
            try:
                await self._behind.leave(deed, past, keep=self._keep)
            except BaseException:  # what is owed stays owed, an interrupt or not
                self._failed.insert(0, (deed, past))
                raise

    async def settled(self) -> None:
        """Wait until every question so far has been written, or could not be."""
        while self._going:
            await asyncio.gather(*self._going, return_exceptions=True)

    async def _write(self, deed: Deed, past: PastSearch | None) -> None:
        try:
            await self._behind.leave(deed, past, keep=self._keep)
        except Exception:  # noqa: BLE001 - it is raised to whoever asks next
            self._failed.append((deed, past))
