"""Notes what assistants are told, a moment after they were told it, so that no answer waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from recollect.models import Telling
from recollect.ports import Clock, Records, Tellings
from recollect.providers.late import Late
from recollect.text import tokens

MOST: Final = 50_000
"""Tellings that are kept, of whatever age: some 20 MB."""


class Noting:
    """Keeps tellings for `days` days; for none, nothing is noted."""

    def __init__(self, tellings: Tellings, records: Records, clock: Clock, *, days: int, most: int = MOST) -> None:
        self._tellings, self._records, self._clock = tellings, records, clock
        self._days, self._most = days, most
        self._late = Late("what assistants were told", self._write)

    def note(self, told: Telling) -> None:
        """Have a telling kept soon: it is by the time `settled` returns. One of no memory is none."""
        if self._days and told.memories:
            self._late.put(told)

    async def settled(self) -> None:
        """Wait until everything noted so far is kept."""
        await self._late.settled()

    async def _write(self, told: Sequence[Telling]) -> None:
        counted = [one if one.whole is not None else await self._counted(one) for one in told]
        since = self._clock.now() - timedelta(days=self._days)
        await self._tellings.add(counted, since=since, most=self._most)

    async def _counted(self, one: Telling) -> Telling:
        held = await self._records.get(one.memories)
        return replace(one, whole=sum(tokens.count(item.text) for item in held))
