"""What calls to embedders and rerankers take: within the day's budget, and noted like those to language models."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from recollect.meters import on_behalf
from recollect.models import Usage
from recollect.ports import Clock
from recollect.providers.chat.budget import Held

Price = Callable[[int], float]
"""Dollars for so many tokens."""
Hold = Callable[[int, float], AbstractAsyncContextManager[Held]]
"""Sets tokens and dollars aside while a call is under way; raises BudgetSpent where there is not so much left."""


@dataclass(slots=True)
class Taken:
    """The tokens that a call took, once that is known."""

    tokens: int = 0


class Spending:
    """Lets calls to one model be made, and hands `jot` the usage of each; `purpose` is what it is noted under."""

    def __init__(
        self, jot: Callable[[Usage], None], hold: Hold, clock: Clock, purpose: str, model: str, price: Price
    ) -> None:
        self._jot, self._hold, self._clock = jot, hold, clock
        self._purpose, self._model, self._price = purpose, model, price

    @asynccontextmanager
    async def call(self, tokens: int) -> AsyncIterator[Taken]:
        """Let a call be made that will take about so many tokens; whoever makes it sets what it took.

        It is noted for the project it is made on behalf of, as failed where it raises. Raises BudgetSpent where it may
        not be made.
        """
        async with self._hold(tokens, self._price(tokens)) as held:
            taken, begun, failed = Taken(), time.perf_counter(), True
            try:
                yield taken
                failed = False
            finally:
                cost = self._price(taken.tokens)
                self._jot(
                    Usage(
                        self._clock.now(),
                        self._purpose,
                        self._model,
                        tokens_in=taken.tokens,
                        cost=cost,
                        milliseconds=round((time.perf_counter() - begun) * 1000, 3),
                        project_id=on_behalf.get(),
                        outcome="failed" if failed else "answered",
                    )
                )
                held.tokens, held.dollars = taken.tokens, cost
