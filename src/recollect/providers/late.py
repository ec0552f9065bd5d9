"""Writes things down a moment later, many at once, so that nobody who makes one waits for the disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, Generic, TypeVar

from recollect.errors import StoreError

T = TypeVar("T")

log = logging.getLogger("recollect.models")

MOMENT: Final = 0.2
"""Seconds that things gather for; what a crash within them loses can be lost."""


class Late(Generic[T]):
    """Hands to `write` what is put here; a store that cannot is told of in the log, as `what`, and fails nobody."""

    def __init__(self, what: str, write: Callable[[Sequence[T]], Awaitable[None]], *, moment: float = MOMENT) -> None:
        self._what, self._write, self._moment = what, write, moment
        self._waiting: list[T] = []
        self._hurry = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    def put(self, item: T) -> None:
        """Have something written soon; it is by the time `settled` returns."""
        self._waiting.append(item)
        if self._writing is None or self._writing.done():
            self._hurry.clear()
            self._writing = asyncio.create_task(self._work())

    def drop(self) -> None:
        """Forget what has not been handed on yet."""
        self._waiting.clear()

    async def settled(self) -> None:
        """Wait until everything put here so far is written, which then is at once."""
        if self._writing is not None and not self._writing.done():
            self._hurry.set()
            await asyncio.shield(self._writing)

    async def _work(self) -> None:
        while self._waiting:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._moment)
            part, self._waiting = self._waiting, []
            try:
                if part:
                    await self._write(part)
            except StoreError as error:
                log.warning("%s (%d) could not be written: %s", self._what, len(part), error)
