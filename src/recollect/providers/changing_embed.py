"""Embeds questions by a former model while the vectors of the one in the settings are made."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from recollect.errors import ProviderError
from recollect.models import Embedding
from recollect.ports import Embed, embed_question

log = logging.getLogger(__name__)

T = TypeVar("T")


class ChangingEmbed:
    """The Embed port of searches: embeddings name the model they are of, so that a change may come at any moment.

    A `former` that fails for a while is passed over for that question; one that cannot answer at all is let go.
    """

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self.former: Embed | None = None

    @property
    def model(self) -> str:
        """That of the embedder in the settings."""
        return self._embed.model

    @property
    def dimension(self) -> int:
        """That of the embedder in the settings."""
        return self._embed.dimension

    @property
    def window(self) -> int:
        """That of the embedder in the settings."""
        return self._embed.window

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one embedding a text, in order; raise what the embedder in the settings raises."""

        async def made(by: Embed) -> list[Embedding]:
            return [replace(one, model=by.model) for one in await by.embed(texts)]

        return await self._made(made)

    async def embed_question(self, text: str, *, least: float) -> Embedding | None:
        """Return what the embedder returns; one that leaves no question alone embeds it."""

        async def made(by: Embed) -> Embedding | None:
            asked = await embed_question(by, text, least=least)
            return asked and replace(asked, model=by.model)

        return await self._made(made)

    async def _made(self, make: Callable[[Embed], Awaitable[T]]) -> T:
        former = self.former
        if former is not None:
            try:
                return await make(former)
            except ProviderError as error:
                if not error.retryable:
                    log.warning("The former embedder %s cannot be asked any more: %s", former.model, error)
                    self.former = None
        return await make(self._embed)
