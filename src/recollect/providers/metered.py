"""An embedder that is measured, and remembers whether it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from recollect.errors import ProviderError
from recollect.meters import Meters
from recollect.models import Embedding
from recollect.ports import Embed, embed_question
from recollect.providers.spending import Spending
from recollect.text.tokens import count

T = TypeVar("T")


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
        return await self._measured(texts, lambda: self._embed.embed(texts), lambda found: found)

    async def embed_question(self, text: str, *, least: float) -> Embedding | None:
        """Return what the embedder within returns; one that leaves no question alone embeds it."""

        def ask() -> Awaitable[Embedding | None]:
            return embed_question(self._embed, text, least=least)

        return await self._measured([text], ask, lambda found: [] if found is None else [found])

    async def _measured(
        self, texts: Sequence[str], ask: Callable[[], Awaitable[T]], made: Callable[[T], Sequence[Embedding]]
    ) -> T:
        """Return what is asked for; `made` are the embeddings in it, by which a call is paid."""
        with self._meters.timing("embed", self._embed.model, len(texts)):
            try:
                if self._spending is None:
                    found = await ask()
                else:
                    async with self._spending.call(sum(count(text) for text in texts)) as taken:
                        found = await ask()
                        taken.tokens = sum(one.tokens for one in made(found))
            except ProviderError:
                self.answering = False
                raise
        self.answering = True
        return found
