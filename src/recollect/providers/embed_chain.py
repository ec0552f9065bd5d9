"""Several servers of one embedding model, asked in turn when one fails; and a rest for those that do.

Only servers of the same model may stand in for each other: vectors of two models cannot be compared.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from recollect.errors import ConfigError, ProviderError, ProviderFailed, ProviderRefused
from recollect.models import Embedding
from recollect.ports import Embed, embed_question
from recollect.providers.again import Rest

Found = TypeVar("Found")

log = logging.getLogger(__name__)

PROBE = "The quick brown fox jumps over the lazy dog. 我能吞下玻璃而不伤身体。"
"""What every server is asked first, to tell whether they do serve the same model."""

ALIKE = 0.9
"""Least cosine of two servers' vectors of the probe. Quantised weights of one model differ by less; models by more."""


@dataclass(slots=True)
class _Server:
    embed: Embed
    rest: Rest = field(default_factory=Rest)
    proven: bool = False
    barred: str = ""


class EmbedChain:
    """Embeds with the first of several servers that answers; one that failed rests for a while before it is asked.

    All must name the same vectors. Before a second one's first vectors are believed, both embed the same sentence;
    one whose vector lies elsewhere serves another model and is not asked again. A question waits `patience` seconds
    at most, and not at all while every server rests: the search then goes by words.
    """

    def __init__(self, embeds: Sequence[Embed], *, patience: float = 5.0, rest: Callable[[], Rest] = Rest) -> None:
        if not embeds:
            raise ConfigError("an embedder needs a server to ask")
        names = {one.model for one in embeds}
        if len(names) > 1:
            raise ConfigError(
                f"servers of different embedding models cannot stand in for each other: {', '.join(sorted(names))}",
                hint="Name the same model in embedder.model and in every fallback.",
            )
        self._servers = [_Server(one, rest()) for one in embeds]
        self._patience = patience
        self._reference: bytes | None = None

    @property
    def model(self) -> str:
        """The name of the vectors, the same for every server."""
        return self._servers[0].embed.model

    @property
    def dimension(self) -> int:
        """How many numbers a vector has; 0 until the first answer where nothing was set."""
        return max(server.embed.dimension for server in self._servers)

    @property
    def window(self) -> int:
        """The least that any of the servers reads of a text."""
        return min(server.embed.window for server in self._servers)

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one embedding a text, in order, of the first server that gives them.

        Raises what the last one asked raised, when none does.
        """
        if not texts:
            return []
        return await self._first(self._awake() or self._servers, lambda embed: embed.embed(texts))

    async def embed_question(self, text: str, *, least: float) -> Embedding | None:
        """Return the embedding of a question; raise ProviderFailed at once while every server rests."""
        awake = self._awake()
        if not awake:
            left = min(server.rest.left for server in self._servers)
            raise ProviderFailed(f"the embedder {self.model} failed a moment ago and is asked again in {left:.0f} s")

        try:
            async with asyncio.timeout(self._patience):
                return await self._first(awake, lambda embed: embed_question(embed, text, least=least))
        except TimeoutError as error:
            awake[0].rest.failed()
            problem = f"the embedder {self.model} did not answer within {self._patience:g} s"
            raise ProviderFailed(problem, hint="raise embedder.patience, or search by words meanwhile") from error

    async def aclose(self) -> None:
        """Close the connections of every server."""
        for server in self._servers:
            close = getattr(server.embed, "aclose", None)
            if close is not None:
                await close()

    def _awake(self) -> list[_Server]:
        return [server for server in self._servers if not server.rest.left and not server.barred]

    async def _first(self, servers: Sequence[_Server], ask: Callable[[Embed], Awaitable[Found]]) -> Found:
        failure: ProviderError | None = None
        for server in servers:
            try:
                await self._prove(server)
                found = await ask(server.embed)
            except ProviderError as error:
                failure = error
                server.rest.failed()
                log.warning("%s", error)
            else:
                server.rest.answered()
                return found
        raise failure or ProviderRefused(
            f"no server of the embedder {self.model} may be asked", hint=self._servers[0].barred
        )

    async def _prove(self, server: _Server) -> None:
        """Compare a server's vector of the probe with that of the others; one server alone need prove nothing."""
        if server.barred:
            raise ProviderRefused(server.barred, hint="Take it out of embedder.fallbacks.")
        if server.proven or len(self._servers) == 1:
            return
        (found,) = await server.embed.embed([PROBE])
        reference = self._reference = self._reference or found.vector
        alike = likeness(reference, found.vector)
        if alike < ALIKE:
            server.barred = (
                f"one of the servers of the embedder {self.model} serves another model: its vector of the same "
                f"sentence has a likeness of {alike:.2f}"
            )
            raise ProviderRefused(server.barred, hint="Take it out of embedder.fallbacks.")
        server.proven = True


def likeness(one: bytes, other: bytes) -> float:
    """Return the cosine of two vectors of length one; 0 where they are of different spaces for sure."""
    return float(np.frombuffer(one, "<f4") @ np.frombuffer(other, "<f4")) if len(one) == len(other) else 0.0
