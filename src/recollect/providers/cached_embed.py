"""Remembers vectors for a while, so that the same question or text is not embedded twice.

In memory only. What lasts are the vectors of memories, which stand beside them in the store and go with them; a
question belongs to no memory, and as texts can be guessed from vectors, its vector is never written down. Entries are
found by a hash keyed anew in every process, hold no text, leave after an hour, and all go when anything is forgotten.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b

from recollect.meters import Deed, Meters
from recollect.models import Embedding
from recollect.ports import Embed, embed_question

MEGABYTE = 1 << 20
ENTRY = 400
"""Bytes an entry takes beside its vector, measured on CPython 3.11."""
QUESTIONS = 4
"""Questions have one part in this many of the room to themselves, so that an import does not push them out."""


class CachedEmbed:
    """Passes on to another embedder what it has not seen of late; equal texts at the same time are embedded once.

    `room` is the most it holds, in megabytes; `ttl` how many seconds an entry stays. Every look is told to the meters
    as the deed `cache`, with a count of 1 for a hit and 0 for a miss.
    """

    def __init__(
        self,
        embed: Embed,
        meters: Meters,
        *,
        room: float = 64,
        ttl: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._embed, self._meters = embed, meters
        self._secret = secrets.token_bytes(32)
        self._questions = _Held(int(room * MEGABYTE) // QUESTIONS, ttl, clock)
        self._texts = _Held(int(room * MEGABYTE) - int(room * MEGABYTE) // QUESTIONS, ttl, clock)
        self._making: dict[bytes, asyncio.Future[Embedding | None]] = {}
        self._age = 0

    @property
    def model(self) -> str:
        """That of the embedder within."""
        return self._embed.model

    @property
    def dimension(self) -> int:
        """That of the embedder within."""
        return self._embed.dimension

    @property
    def window(self) -> int:
        """That of the embedder within."""
        return self._embed.window

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one embedding a text, in order; raise what the embedder raises. One at hand cost no tokens."""
        keys = [self._key("text", text) for text in texts]
        found: dict[bytes, Embedding] = {}
        missing: dict[bytes, str] = {}
        making: dict[bytes, tuple[str, asyncio.Future[Embedding | None]]] = {}
        for key, text in zip(keys, texts, strict=True):
            if key in found:
                continue
            held = self._texts.get(key)
            if isinstance(held, Embedding):
                found[key] = held
            elif key in self._making:
                making[key] = (text, self._making[key])
            else:
                missing[key] = text
        self._tell(len(found) + len(making), len(missing))
        if missing:
            found |= await self._make(missing)
        for key, (text, future) in making.items():
            found[key] = await self._awaited(key, text, future)
        fresh = set(missing)
        return [found[key] if key in fresh else replace(found[key], tokens=0) for key in keys]

    async def embed_question(self, text: str, *, least: float) -> Embedding | None:
        """Return what the embedder within returns; one that leaves no question alone embeds it."""
        key = self._key(f"question {least}", text)
        if self._questions.holds(key):
            self._tell(1, 0)
            held = self._questions.get(key)
            return held and replace(held, tokens=0)
        if key in self._making:
            with suppress(_Abandoned):
                made = await self._promised(self._making[key])
                self._tell(1, 0)
                return made
        self._tell(0, 1)
        return await self._ask(key, text, least)

    def clear(self) -> None:
        """Forget everything; what is being made is handed to whoever waits for it, and not kept."""
        self._age += 1
        self._questions.clear()
        self._texts.clear()

    @property
    def nbytes(self) -> int:
        """The memory held, in bytes."""
        return self._questions.size + self._texts.size

    async def _ask(self, key: bytes, text: str, least: float) -> Embedding | None:
        async def made() -> Mapping[bytes, Embedding | None]:
            return {key: await embed_question(self._embed, text, least=least)}

        return (await self._once([key], self._questions, made))[key]

    async def _make(self, missing: Mapping[bytes, str]) -> dict[bytes, Embedding]:
        async def made() -> Mapping[bytes, Embedding | None]:
            return dict(zip(missing, await self._embed.embed(list(missing.values())), strict=True))

        found = await self._once(list(missing), self._texts, made)
        return {key: value for key, value in found.items() if value is not None}

    async def _once(
        self, keys: Sequence[bytes], into: _Held, make: Callable[[], Awaitable[Mapping[bytes, Embedding | None]]]
    ) -> Mapping[bytes, Embedding | None]:
        """Make values, let others wait for them meanwhile, and keep them unless something was forgotten since."""
        loop, age = asyncio.get_running_loop(), self._age
        promised = {key: loop.create_future() for key in keys}
        self._making |= promised
        try:
            made = await make()
            for key, value in made.items():
                promised[key].set_result(value)
                if age == self._age:
                    into.put(key, value)
        except Exception as error:  # it goes on as it came, to those who wait for the same text too
            for future in promised.values():
                if not future.done():
                    future.set_exception(error)
                    future.exception()  # nobody need wait for it
            raise
        finally:
            for key, future in promised.items():
                future.cancel()  # where whoever made it was cancelled
                if self._making.get(key) is future:
                    del self._making[key]
        return made

    async def _awaited(self, key: bytes, text: str, future: asyncio.Future[Embedding | None]) -> Embedding:
        with suppress(_Abandoned):
            made = await self._promised(future)
            if made is not None:
                return made
        return (await self._make({key: text}))[key]

    async def _promised(self, future: asyncio.Future[Embedding | None]) -> Embedding | None:
        """Wait for what somebody else makes; raise _Abandoned where that one was cancelled."""
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if future.cancelled():
                raise _Abandoned from None
            raise

    def _key(self, use: str, text: str) -> bytes:
        whole = f"{self._embed.model}\0{use}\0{text}".encode("utf-8", "surrogatepass")
        return blake2b(whole, digest_size=16, key=self._secret).digest()

    def _tell(self, hits: int, misses: int) -> None:
        for hit in [1] * hits + [0] * misses:
            self._meters(Deed("cache", "embeddings", 0.0, hit))


class _Abandoned(Exception):
    """Whoever was making a value was cancelled."""


class _Held:
    """Values by key, the least recently used leaving when there is no room."""

    def __init__(self, room: int, ttl: float, clock: Callable[[], float]) -> None:
        self._room, self._ttl, self._clock = room, ttl, clock
        self._values: OrderedDict[bytes, tuple[Embedding | None, float]] = OrderedDict()
        self.size = 0

    def holds(self, key: bytes) -> bool:
        """Whether a value is here; one that is too old leaves."""
        held = self._values.get(key)
        if held is not None and held[1] < self._clock():
            self._drop(key)
            return False
        return held is not None

    def get(self, key: bytes) -> Embedding | None:
        """Return a value."""
        if not self.holds(key):
            return None
        self._values.move_to_end(key)
        return self._values[key][0]

    def put(self, key: bytes, value: Embedding | None) -> None:
        """Keep a value."""
        self._drop(key)
        self._values[key] = (value, self._clock() + self._ttl)
        self.size += _size(value)
        while self.size > self._room:
            self._drop(next(iter(self._values)))

    def clear(self) -> None:
        """Let go of everything."""
        self._values.clear()
        self.size = 0

    def _drop(self, key: bytes) -> None:
        held = self._values.pop(key, None)
        if held is not None:
            self.size -= _size(held[0])


def _size(value: Embedding | None) -> int:
    return ENTRY + (0 if value is None else len(value.vector))
