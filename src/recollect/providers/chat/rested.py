"""A language model that is left alone for a while when it keeps failing, so that nobody waits for it in vain."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Final

from recollect.errors import ProviderFailed, ProviderRefused
from recollect.exchange import Asking, Spoken
from recollect.ports import Chat
from recollect.providers.again import Rest

log = logging.getLogger("recollect.models")

PATIENCE: Final = 3
"""Failures one after the other before a model is left alone."""


class RestedChat:
    """Passes questions on unless the model rests; then it raises ProviderFailed at once, saying for how long still.

    It rests for `seconds` after a few failures in a row and for longer each time, at once where its key or its name is
    refused, and for as long as its provider asks it to be left alone.
    """

    def __init__(self, chat: Chat, *, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._chat, self._clock = chat, clock
        self._rest = Rest(seconds, clock)
        self._failures, self._until = 0, 0.0

    @property
    def model(self) -> str:
        """That of the model within."""
        return self._chat.model

    @property
    def left(self) -> float:
        """Seconds of rest that are left; 0 when it may be asked."""
        return max(self._rest.left, self._until - self._clock(), 0.0)

    async def answer(self, asking: Asking) -> Spoken:
        """Return what the model within returns."""
        with self._watched():
            return await self._chat.answer(asking)

    async def stream(self, asking: Asking) -> AsyncGenerator[str | Spoken]:
        """Yield what the model within yields."""
        with self._watched():
            async with aclosing(self._chat.stream(asking)) as pieces:
                async for piece in pieces:
                    yield piece

    @contextmanager
    def _watched(self) -> Iterator[None]:
        if left := self.left:
            raise ProviderFailed(f"The model {self.model} is left alone for {left:.0f} s: it kept failing", wait=left)
        try:
            yield
        except ProviderRefused as error:
            if error.lasting:
                self._begin(error.message)
            raise
        except ProviderFailed as error:
            self._failures += 1
            if error.wait is not None:
                self._until = max(self._until, self._clock() + error.wait)
            if self._failures >= PATIENCE:
                self._begin(error.message)
            raise
        else:
            self._failures = 0
            self._rest.answered()

    def _begin(self, reason: str) -> None:
        if not self._rest.left:
            self._rest.failed()
            log.warning("%s. It is left alone for %.0f s", reason, self._rest.left)
