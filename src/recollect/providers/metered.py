"""An embedder that is measured, and remembers whether it answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from recollect.errors import ProviderError
from recollect.meters import Meters
from recollect.models import Embedding
from recollect.ports import Embed, EmbedQuestion


class MeteredEmbed:
    """Passes texts on to another embedder and tells how long it took.

    `answering` is whether the last call was answered: while it is false, searches go by words.
    """

    def __init__(self, embed: Embed, meters: Meters) -> None:
        self._embed = embed
        self._meters = meters
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
        with self._measured(len(texts)):
            return await self._embed.embed(texts)

    async def embed_question(self, text: str, *, least: float) -> Embedding | None:
        """Return what the embedder within returns; one that leaves no question alone embeds it."""
        with self._measured(1):
            if isinstance(self._embed, EmbedQuestion):
                return await self._embed.embed_question(text, least=least)
            return (await self._embed.embed([text]))[0]

    @contextmanager
    def _measured(self, count: int) -> Iterator[None]:
        with self._meters.timing("embed", self._embed.model, count):
            try:
                yield
            except ProviderError:
                self.answering = False
                raise
            self.answering = True
