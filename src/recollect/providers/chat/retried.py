"""A language model that is asked again when it failed and may succeed the next time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final

from recollect.errors import ProviderFailed
from recollect.exchange import Asking, Spoken
from recollect.ports import Chat
from recollect.providers.again import backoff

LONGEST_WAIT: Final = 10.0
"""Seconds to wait before asking again; who wants to be left alone for longer is, and another model is asked."""


class RetriedChat:
    """Passes questions on, up to `retries` times more after a failure; waits as the provider says, or ever longer.

    Of a stream nothing is repeated once a piece of the answer is out. `sleep` is there for tests.
    """

    def __init__(self, chat: Chat, *, retries: int, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._chat, self._retries, self._sleep = chat, retries, sleep

    @property
    def model(self) -> str:
        """That of the model within."""
        return self._chat.model

    async def answer(self, asking: Asking) -> Spoken:
        """Return what the model within returns, and raise what it raises last."""
        attempt = 0
        while True:
            try:
                return await self._chat.answer(asking)
            except ProviderFailed as error:
                await self._wait(error, attempt)
            attempt += 1

    async def stream(self, asking: Asking) -> AsyncGenerator[str | Spoken]:
        """Yield what the model within yields."""
        attempt, begun = 0, False
        while True:
            try:
                async with aclosing(self._chat.stream(asking)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
            except ProviderFailed as error:
                if begun:
                    raise
                await self._wait(error, attempt)
            else:
                return
            attempt += 1

    async def _wait(self, error: ProviderFailed, attempt: int) -> None:
        """Wait before the next attempt; raise the error where there is none, or it is too far away."""
        wait = backoff(attempt) if error.wait is None else error.wait
        if attempt >= self._retries or wait > LONGEST_WAIT:
            raise error
        await self._sleep(wait)
