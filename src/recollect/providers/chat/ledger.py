"""Writes down what calls to models took, many at once where many end at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from recollect.errors import StoreError
from recollect.models import Usage

log = logging.getLogger("recollect.models")


class Ledger:
    """Hands usage to `write`, which keeps it; a store that cannot is told of in the log and fails nobody's answer."""

    def __init__(self, write: Callable[[Sequence[Usage]], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: list[Usage] = []
        self._writing: asyncio.Task[None] | None = None

    def jot(self, usage: Usage) -> None:
        """Note usage soon; it is written by the time `settled` returns."""
        self._waiting.append(usage)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._work())

    async def note(self, usage: Usage) -> None:
        """Note usage, and return when it is written."""
        self.jot(usage)
        await self.settled()

    async def settled(self) -> None:
        """Wait until everything noted so far is written."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def _work(self) -> None:
        while self._waiting:
            part, self._waiting = self._waiting, []
            try:
                await self._write(part)
            except StoreError as error:
                log.warning("the usage of %d calls could not be noted: %s", len(part), error)
