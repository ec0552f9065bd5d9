"""A language model that is asked no more questions at once than its provider is meant to have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from recollect.exchange import Asking, Spoken
from recollect.ports import Chat


class QueuedChat:
    """Passes questions on as soon as one of the provider's `places` is free; its models share them."""

    def __init__(self, chat: Chat, places: asyncio.Semaphore) -> None:
        self._chat, self._places = chat, places

    @property
    def model(self) -> str:
        """That of the model within."""
        return self._chat.model

    async def answer(self, asking: Asking) -> Spoken:
        """Return what the model within returns."""
        async with self._places:
            return await self._chat.answer(asking)

    async def stream(self, asking: Asking) -> AsyncGenerator[str | Spoken]:
        """Yield what the model within yields."""
        async with self._places, aclosing(self._chat.stream(asking)) as pieces:
            async for piece in pieces:
                yield piece
