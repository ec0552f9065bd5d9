"""An embedder that is measured, and remembers whether it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext

from recollect.errors import ProviderError
from recollect.meters import Meters
from recollect.models import Embedding
from recollect.ports import Embed, EmbedQuestion
from recollect.providers.spending import Spending
from recollect.text.tokens import count


class MeteredEmbed:
    """Passes texts on to another embedder and tells how long it took.

    With a `spending` a call is made while the day's budget lasts, and what it took is noted.

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
        async with self._measured(texts) as found:
            found.extend(await self._embed.embed(texts))
        return found

    async def embed_question(self, text: str, *, least: float) -> Embedding | None:
        """Return what the embedder within returns; one that leaves no question alone embeds it."""
        async with self._measured([text]) as found:
            if not isinstance(self._embed, EmbedQuestion):
                found.extend(await self._embed.embed([text]))
            elif (asked := await self._embed.embed_question(text, least=least)) is not None:
                found.append(asked)
        return found[0] if found else None

    @asynccontextmanager
    async def _measured(self, texts: Sequence[str]) -> AsyncIterator[list[Embedding]]:
        found = list[Embedding]()
        paid = None if self._spending is None else self._spending.call(sum(count(text) for text in texts))
        with self._meters.timing("embed", self._embed.model, len(texts)):
            try:
                async with paid or nullcontext() as taken:
                    yield found
                    if taken is not None:
                        taken.tokens = sum(one.tokens for one in found)
            except ProviderError:
                self.answering = False
                raise
            self.answering = True
