"""An embedder that is measured, and remembers whether it answers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from recollect.errors import ProviderError
from recollect.meters import Meters
from recollect.models import Embedding
from recollect.ports import Embed, EmbedQuestion
from recollect.providers.spending import Spending


class MeteredEmbed:
    """Passes texts on to another embedder and tells how long it took, and `spending`, if there is one, what it took.

    `answering` is whether the last call was answered: while it is false, searches go by words.
    """

    def __init__(self, embed: Embed, meters: Meters, spending: Spending | None = None) -> None:
        self._embed = embed
        self._meters = meters
        self._spending = spending
        self.answering = True

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
        """Return what the embedder within returns, and raise what it raises."""
        with self._measured(len(texts)) as found:
            found.extend(await self._embed.embed(texts))
        return found

    async def embed_question(self, text: str, *, least: float) -> Embedding | None:
        """Return what the embedder within returns; one that leaves no question alone embeds it."""
        with self._measured(1) as found:
            if not isinstance(self._embed, EmbedQuestion):
                found.extend(await self._embed.embed([text]))
            elif (asked := await self._embed.embed_question(text, least=least)) is not None:
                found.append(asked)
        return found[0] if found else None

    @contextmanager
    def _measured(self, count: int) -> Iterator[list[Embedding]]:
        begun, found = time.perf_counter(), list[Embedding]()
        with self._meters.timing("embed", self._embed.model, count):
            try:
                yield found
            except ProviderError:
                self.answering = False
                self._spent(0, begun, failed=True)
                raise
            self.answering = True
        self._spent(sum(one.tokens for one in found), begun, failed=False)

    def _spent(self, tokens: int, begun: float, *, failed: bool) -> None:
        if self._spending is not None:
            self._spending(tokens, time.perf_counter() - begun, failed=failed)
