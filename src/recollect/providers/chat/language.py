"""All language models of one process, as one: asked by task, joined, kept, metered; and how they stand."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from recollect.errors import ConfigError, ProviderError
from recollect.exchange import Answered, Asking, ModelTask
from recollect.models import Usage
from recollect.ports import Chat, Models
from recollect.providers.chat.budget import Budget, Held, Standing
from recollect.providers.chat.ledger import Ledger
from recollect.providers.chat.rested import RestedChat
from recollect.providers.held_cache import LayeredCache

log = logging.getLogger("recollect.models")

PROBE = [{"role": "user", "content": "Answer with the one word: ready"}]
PROBE_LIMIT = 64
"""Tokens a probe may take: a model that thinks first needs a few."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What one tiny question to a model came to: the seconds it took, and what went wrong (`None`: it answered)."""

    model: str
    seconds: float
    error: ProviderError | None = None


class LanguageModels:
    """The Models port over everything the settings name, and what else is to be known of it."""

    def __init__(
        self,
        models: Models,
        chats: Sequence[RestedChat],
        budget: Budget,
        ledger: Ledger,
        cache: LayeredCache | None,
        closing: Sequence[Callable[[], Awaitable[None]]] = (),
        warming: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self._models, self._chats, self._budget = models, chats, budget
        self._ledger, self._cache, self._closing = ledger, cache, closing
        self._warming = warming

    def offers(self, task: ModelTask) -> bool:
        """Whether any model is named for a task."""
        return self._models.offers(task)

    async def ask(self, asking: Asking) -> Answered | None:
        """Return the first good answer of the task's models, `None` when none gives one or the budget is spent."""
        return await self._models.ask(asking)

    def stream(self, asking: Asking) -> AsyncGenerator[str | Answered]:
        """Yield the answer of the first model that begins one, piece by piece, and last the whole of it."""
        return self._models.stream(asking)

    @property
    def names(self) -> list[str]:
        """The models that any task may ask."""
        return [chat.model for chat in self._chats]

    @property
    def resting(self) -> dict[str, float]:
        """The models that are left alone now, and the seconds that are left."""
        return {chat.model: chat.left for chat in self._chats if chat.left}

    async def standing(self) -> Standing:
        """Return how today's budget stands."""
        return await self._budget.standing()

    async def probe(self) -> list[Probe]:
        """Ask each model one tiny question, and return what came of it."""
        return [await _probed(chat) for chat in self._chats]

    async def forget(self) -> None:
        """Lose every answer that is kept: something it tells may have been deleted."""
        if self._cache is not None:
            await self._cache.clear()

    async def holding(self, pieces: Sequence[bytes]) -> int:
        """Return how many kept answers hold one of these pieces."""
        return 0 if self._cache is None else await self._cache.holding(pieces)

    async def warm(self) -> None:
        """Bring those models of this process into memory that are to be ready; failures are told of in the log."""
        for warm in self._warming:
            try:
                await warm()
            except (ProviderError, ConfigError) as error:
                log.warning("not warmed up: %s", error)

    def hold(self, tokens: int, dollars: float) -> AbstractAsyncContextManager[Held]:
        """Set aside of today's budget what a call to another sort of model may take; raise BudgetSpent."""
        return self._budget.hold(tokens, dollars)

    def jot(self, usage: Usage) -> None:
        """Note what a call to another sort of model took, beside those to these."""
        self._ledger.jot(usage)

    async def settled(self) -> None:
        """Wait until what calls took, and what they answered, is written down."""
        await self._ledger.settled()
        if self._cache is not None:
            await self._cache.settled()

    async def aclose(self) -> None:
        """Write down what calls took and answered, and close the connections."""
        await self.settled()
        for close in self._closing:
            await close()


async def _probed(chat: Chat) -> Probe:
    begun = time.perf_counter()
    asking = Asking("completion", "doctor", PROBE, limit=PROBE_LIMIT, cached=False)
    try:
        await chat.answer(asking)
    except ProviderError as error:
        return Probe(chat.model, time.perf_counter() - begun, error)
    return Probe(chat.model, time.perf_counter() - begun)
