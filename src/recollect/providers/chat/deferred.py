"""A language model whose library is loaded with the first question, so that a start need not wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from recollect.exchange import Asking, Spoken
from recollect.ports import Chat


class DeferredChat:
    """Passes questions on to what `make` returns, which is called once, on a thread, with the first of them."""

    def __init__(self, model: str, make: Callable[[], Chat]) -> None:
        self._model, self._make = model, make
        self._made: asyncio.Task[Chat] | None = None

    @property
    def model(self) -> str:
        """The model's name."""
        return self._model

    async def answer(self, asking: Asking) -> Spoken:
        """Return what the model within returns."""
        return await (await self._chat()).answer(asking)

    async def stream(self, asking: Asking) -> AsyncGenerator[str | Spoken]:
        """Yield what the model within yields."""
        async with aclosing((await self._chat()).stream(asking)) as pieces:
            async for piece in pieces:
                yield piece

    async def _chat(self) -> Chat:
        if self._made is None or (self._made.done() and self._made.exception() is not None):
            self._made = asyncio.create_task(asyncio.to_thread(self._make))
        return await asyncio.shield(self._made)
