"""What calls to models cost: the price list of genai-prices as it was shipped, and prices of one's own before it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from fnmatch import fnmatchcase
from importlib import import_module
from typing import Final

log = logging.getLogger("recollect.models")

LISTED: Final = {
    "openai": "openai",
    "azure": "azure",
    "anthropic": "anthropic",
    "gemini": "google",
    "openrouter": "openrouter",
}
"""The list's names of providers, by the form they speak; others are looked for by their address."""
MILLION: Final = 1_000_000


class Price:
    """The price of one model's tokens. `own` are dollars for a million tokens in, and out, by name of model.

    A name of `own` may hold `*`; the first that fits counts. A model that no list knows costs nothing, and is told of
    once in the log.
    """

    def __init__(
        self, label: str, model: str, kind: str, base_url: str, own: Mapping[str, tuple[float, float]]
    ) -> None:
        self._label, self._model, self._kind, self._base_url = label, model, kind, base_url
        self._own = next((price for name, price in own.items() if fnmatchcase(label, name)), None)
        self._told = "://localhost" in base_url or "://127." in base_url
        self._list = None if kind == "local" else import_module("genai_prices")

    def dollars(self, tokens_in: int, tokens_out: int, cached_in: int = 0) -> float:
        """Return what so many tokens cost; of those in, `cached_in` came from the provider's cache. Fetches nothing."""
        if self._own is not None:
            return (tokens_in * self._own[0] + tokens_out * self._own[1]) / MILLION
        if self._list is None:
            return 0.0
        usage = self._list.Usage(
            input_tokens=tokens_in, output_tokens=tokens_out, cache_read_tokens=min(cached_in, tokens_in) or None
        )
        listed = LISTED.get(self._kind)
        whose = {"provider_id": listed} if listed else {"provider_api_url": self._base_url}
        try:
            return float(self._list.calc_price(usage, self._model, **whose).total_price)
        except LookupError:
            if not self._told:
                self._told = True
                log.warning("No price of %s is known: it counts as nothing. Set models.prices", self._label)
            return 0.0
