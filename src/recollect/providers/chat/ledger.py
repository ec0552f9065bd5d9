"""Writes down what calls to models took, many at once where many end at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from recollect.models import Usage
from recollect.providers.late import Late


class Ledger:
    """Hands usage to `write`, which keeps it; nobody's answer waits for that."""

    def __init__(self, write: Callable[[Sequence[Usage]], Awaitable[None]]) -> None:
        self._late = Late("the usage of calls", write)

    def jot(self, usage: Usage) -> None:
        """Note usage soon; it is written by the time `settled` returns."""
        self._late.put(usage)

    async def settled(self) -> None:
        """Wait until everything noted so far is written."""
        await self._late.settled()
