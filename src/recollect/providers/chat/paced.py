"""Language models that jobs ask no more questions at once than they are meant to; whoever is waited for passes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from recollect.exchange import Answered, Asking, ModelTask
from recollect.ports import Models


class PacedModels:
    """Passes questions on; of those of background jobs `together` are under way at once.

    It stands behind the caches: looking there holds no place.
    """

    def __init__(self, models: Models, together: int) -> None:
        self._models, self._places = models, asyncio.Semaphore(together)

    def offers(self, task: ModelTask) -> bool:
        """Whether any model is named for a task."""
        return self._models.offers(task)

    async def ask(self, asking: Asking) -> Answered | None:
        """Return what the models within return."""
        if not asking.background:
            return await self._models.ask(asking)
        async with self._places:
            return await self._models.ask(asking)

    def stream(self, asking: Asking) -> AsyncGenerator[str | Answered]:
        """Yield what the models within yield: somebody reads along."""
        return self._models.stream(asking)
