"""Language models that are asked once where several ask the same at the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from recollect.exchange import Answered, Asking, ModelTask
from recollect.ports import Models
from recollect.providers.chat.kept import Note, key_of


@dataclass(slots=True)
class _Shared:
    """A question under way, and how many wait for its answer."""

    asked: asyncio.Task[Answered | None]
    waiting: int = 0


class JoinedModels:
    """Lets whoever asks what is being asked already wait for that answer; it is given up when nobody waits for it."""

    def __init__(self, models: Models, note: Note) -> None:
        self._models, self._note = models, note
        self._under_way: dict[str, _Shared] = {}

    def offers(self, task: ModelTask) -> bool:
        """Whether any model is named for a task."""
        return self._models.offers(task)

    async def ask(self, asking: Asking) -> Answered | None:
        """Return what the models within return."""
        if not asking.cached:
            return await self._models.ask(asking)
        begun, key = time.perf_counter(), key_of(asking, "")
        first = key not in self._under_way
        if first:
            self._begin(key, asking)
        shared = self._under_way[key]
        shared.waiting += 1
        try:
            answered = await asyncio.shield(shared.asked)
        finally:
            shared.waiting -= 1
            if not shared.waiting and not shared.asked.done():
                self._over(key, shared)
                shared.asked.cancel()
        if answered is not None and not first:
            self._note(asking, answered, "joined", time.perf_counter() - begun)
        return answered

    def stream(self, asking: Asking) -> AsyncGenerator[str | Answered]:
        """Yield what the models within yield: each talk is its own."""
        return self._models.stream(asking)

    def _begin(self, key: str, asking: Asking) -> None:
        shared = self._under_way[key] = _Shared(asyncio.ensure_future(self._models.ask(asking)))
        shared.asked.add_done_callback(lambda _: self._over(key, shared))

    def _over(self, key: str, shared: _Shared) -> None:
        if self._under_way.get(key) is shared:
            del self._under_way[key]
