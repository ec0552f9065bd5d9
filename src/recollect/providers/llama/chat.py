"""A language model in this process, through the same port as those of providers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from functools import partial
from typing import Any

from recollect.errors import ProviderError, ProviderFailed
from recollect.exchange import Asking, Spoken
from recollect.providers.llama.keeper import Held, Keeper


class LlamaChat:
    """Answers with one GGUF model, a call at a time; calls wait their turn in the order they came."""

    def __init__(self, keeper: Keeper, name: str) -> None:
        self._keeper, self._name = keeper, name

    @property
    def model(self) -> str:
        """`local/` and the model's name."""
        return f"local/{self._name}"

    async def answer(self, asking: Asking) -> Spoken:
        """Return the whole answer; raise as `stream` does."""
        async with aclosing(self.stream(asking)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Spoken):
                    return piece
        raise ProviderFailed(f"{self.model} ended without an answer")

    async def stream(self, asking: Asking) -> AsyncGenerator[str | Spoken]:
        """Yield the answer piece by piece, and last what it came to. Closing it stops the model and frees its turn.

        Raises:
            ProviderFailed: its turn did not come in time, it took too long, there is no room for it now, or it failed.
            ProviderRefused: the prompt does not fit its context, or the model does not fit the memory set for it.
            EmbedderMissing: its file is not here, or is damaged.
            ConfigError: llama-cpp-python is not installed.
        """
        held = self._keeper.held(self._name)
        async with self._turn(held):
            loaded = await self._keeper.ready(held)
            try:
                async with aclosing(self._said(held, loaded, asking)) as pieces:
                    async for piece in pieces:
                        yield piece
            finally:
                self._keeper.done(held)

    async def warm(self) -> None:
        """Bring the model into memory, so that the first answer need not wait for it; raise as `stream` does."""
        held = self._keeper.held(self._name)
        async with self._turn(held):
            loaded = await self._keeper.ready(held)
            try:
                await held.run(loaded.warm)
            finally:
                self._keeper.done(held)

    @asynccontextmanager
    async def _turn(self, held: Held) -> AsyncIterator[None]:
        wait = self._keeper.limits.wait
        try:
            async with asyncio.timeout(wait):
                await held.turn.acquire()
        except TimeoutError as error:
            raise ProviderFailed(f"{self.model} is busy: its turn did not come within {wait:g} s") from error
        try:
            yield
        finally:
            held.turn.release()

    async def _said(self, held: Held, loaded: Any, asking: Asking) -> AsyncGenerator[str | Spoken]:
        loop, stop = asyncio.get_running_loop(), threading.Event()
        pieces: asyncio.Queue[Any] = asyncio.Queue()
        until = loop.time() + self._keeper.limits.timeout

        def put(piece: Any) -> None:
            with suppress(RuntimeError):  # the loop has ended: nobody waits
                loop.call_soon_threadsafe(pieces.put_nowait, piece)

        running = loop.run_in_executor(held.thread, partial(_produce, loaded, asking, stop, put))
        said: list[str] = []
        try:
            while True:
                piece = await self._next(pieces, until)
                if isinstance(piece, str):
                    said.append(piece)
                    yield piece
                    continue
                yield Spoken("".join(said).strip(), piece.read, piece.written, complete=piece.complete)
                return
        finally:
            stop.set()
            await running  # it stops at its next token; only then may another call have the model

    async def _next(self, pieces: asyncio.Queue[Any], until: float) -> Any:
        try:
            async with asyncio.timeout_at(until):
                piece = await pieces.get()
        except TimeoutError as error:
            problem = f"{self.model} did not come to an end within {self._keeper.limits.timeout:g} s"
            raise ProviderFailed(problem, hint="raise local.timeout, or take a smaller model") from error
        if isinstance(piece, ProviderError):
            raise piece
        if isinstance(piece, BaseException):
            raise ProviderFailed(f"{self.model} failed: {piece}") from piece
        return piece


def _produce(loaded: Any, asking: Asking, stop: threading.Event, put: Any) -> None:
    """Hand over pieces of an answer as they come, and what ended it."""
    try:
        for piece in loaded.answer(
            asking.messages,
            temperature=0.0 if asking.temperature is None else asking.temperature,
            limit=asking.limit,
            schema=asking.schema,
            stop=stop,
        ):
            put(piece)
    except Exception as error:  # noqa: BLE001 - whoever waits on the other thread must hear of anything
        put(error)
