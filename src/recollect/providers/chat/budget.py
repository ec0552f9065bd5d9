"""The most that all models together may take in one day."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from recollect.errors import ProviderRefused
from recollect.ports import Clock

log = logging.getLogger("recollect.models")

FRESH: Final = 15.0
"""Seconds after which it is looked up anew what other processes have spent."""


class BudgetSpent(ProviderRefused):
    """What may be spent in one day is spent."""

    code = "budget_spent"


@dataclass(slots=True)
class Held:
    """What one call may take while it is under way, and what it took once it is over."""

    tokens: int
    dollars: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What was spent of a day's budget (`None`: no limit), and whether a call has been refused for it."""

    tokens: int
    dollars: float
    most_tokens: int | None
    most_dollars: float | None
    spent: bool


class Budget:
    """Lets calls be made while there is something left; what calls under way may take counts as taken.

    A day is one of UTC. `spent` returns the tokens and dollars noted since a time, by every process; what this one has
    jotted down until then is among them.
    """

    def __init__(
        self,
        tokens: int | None,
        dollars: float | None,
        spent: Callable[[datetime], Awaitable[tuple[int, float]]],
        clock: Clock,
    ) -> None:
        self._most_tokens, self._most_dollars = tokens, dollars
        self._spent, self._clock = spent, clock
        self._day: datetime | None = None
        self._looked = 0.0
        self._tokens, self._dollars = 0, 0.0
        self._held: list[Held] = []
        self._ended: list[Held] = []
        self._refused = False
        self._looking = asyncio.Lock()

    @asynccontextmanager
    async def hold(self, tokens: int, dollars: float) -> AsyncIterator[Held]:
        """Set aside what a call may take; whoever makes it sets what it took, once that is jotted down.

        Raises BudgetSpent when there is not so much left.
        """
        await self._look()
        held = Held(tokens, dollars)
        tokens_used, dollars_used = self._used()
        if _beyond(tokens_used + tokens, self._most_tokens) or _beyond(dollars_used + dollars, self._most_dollars):
            raise self._refuse()
        self._held.append(held)
        try:
            yield held
        finally:
            self._held.remove(held)
            if self._looking.locked():
                self._ended.append(held)
            self._tokens += held.tokens
            self._dollars += held.dollars

    async def standing(self) -> Standing:
        """Return how today's budget stands."""
        await self._look()
        return Standing(self._tokens, self._dollars, self._most_tokens, self._most_dollars, self._refused)

    def _used(self) -> tuple[int, float]:
        held = self._held
        return self._tokens + sum(one.tokens for one in held), self._dollars + sum(one.dollars for one in held)

    async def _look(self) -> None:
        async with self._looking:
            today = self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
            if today == self._day and time.monotonic() - self._looked < FRESH:
                return
            self._refused = self._refused and today == self._day
            self._ended.clear()
            tokens, dollars = await self._spent(today)
            # What ended meanwhile may be among what was found: rather counted twice, for a moment, than not at all.
            self._tokens = tokens + sum(one.tokens for one in self._ended)
            self._dollars = dollars + sum(one.dollars for one in self._ended)
            self._ended.clear()
            self._day, self._looked = today, time.monotonic()

    def _refuse(self) -> BudgetSpent:
        told = f"Today's budget for models is spent ({self._tokens:,} tokens, ${self._dollars:,.2f})"
        if not self._refused:
            self._refused = True
            log.warning("%s. Nothing is lost: the offline rules go on until midnight UTC. See models.budget", told)
        return BudgetSpent(told, hint="It begins anew at midnight UTC; models.budget sets it.")


def _beyond(used: float, most: float | None) -> bool:
    return most is not None and used > most
