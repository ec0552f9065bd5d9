"""Notes what embedders and rerankers of providers take, priced like language models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec

from recollect.models import Usage
from recollect.ports import Clock
from recollect.providers.chat.budget import Held
from recollect.providers.chat.price import MILLION, Price
from recollect.providers.spending import Hold, Spending
from recollect.settings import Settings


@dataclass(frozen=True, slots=True)
class Book:
    """Where usage is noted, what holds it within the budget, and by which clock and prices."""

    settings: Settings
    jot: Callable[[Usage], None]
    hold: Hold
    clock: Clock

    def embedding(self) -> Spending | None:
        """Return what notes the embedder's calls; `None` for one on this machine, which costs nothing."""
        chosen = self.settings.embedder
        if not chosen.base_url or chosen.provider not in {"openai", "azure", "ollama"}:
            return None
        # Most servers that speak OpenAI's form are not OpenAI's: their prices are found by the address.
        kind = "azure" if chosen.provider == "azure" else "compatible"
        return self._of("embedding", chosen.model, kind, chosen.base_url)

    def reranking(self) -> Spending | None:
        """Return what notes the reranker's calls; `None` without one."""
        chosen = self.settings.rerank
        if not chosen.model or not chosen.base_url:
            return None
        return self._of("reranking", chosen.model, "compatible", chosen.base_url)

    def _of(self, purpose: str, model: str, kind: str, base_url: str) -> Spending:
        listed = kind if find_spec("genai_prices") else "local"  # without the list only prices of one's own count
        price = Price(model, model, listed, base_url, self.settings.models.prices)
        free = "://localhost" in base_url or "://127." in base_url or "://[::1]" in base_url
        hold = _unbounded if free and not price.dollars(MILLION, 0) else self.hold
        return Spending(self.jot, hold, self.clock, purpose, model, lambda tokens: price.dollars(tokens, 0))


@asynccontextmanager
async def _unbounded(tokens: int, dollars: float) -> AsyncIterator[Held]:
    """Hold nothing back: what answers on this machine costs nothing."""
    yield Held(tokens, dollars)
