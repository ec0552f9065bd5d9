"""What calls to embedders and rerankers took, noted like those to language models."""

from __future__ import annotations

from collections.abc import Callable

from recollect.models import Usage
from recollect.ports import Clock

Price = Callable[[int], float]
"""Dollars for so many tokens."""


class Spending:
    """Hands `jot` the usage of every call to one model; `purpose` is what it is noted under."""

    def __init__(self, jot: Callable[[Usage], None], clock: Clock, purpose: str, model: str, price: Price) -> None:
        self._jot, self._clock, self._purpose, self._model, self._price = jot, clock, purpose, model, price

    def __call__(self, tokens: int, seconds: float, *, failed: bool = False) -> None:
        """Note one call."""
        self._jot(
            Usage(
                self._clock.now(),
                self._purpose,
                self._model,
                tokens_in=tokens,
                cost=self._price(tokens),
                milliseconds=round(seconds * 1000, 3),
                outcome="failed" if failed else "answered",
            )
        )
