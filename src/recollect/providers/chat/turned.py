"""Language models that are asked once where several processes ask the same at the same time."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Mapping

from recollect.errors import StoreError
from recollect.exchange import Answered, Asking, ModelTask
from recollect.ports import Models, Turns
from recollect.providers.chat.kept import Note, key_of


class TurnedModels:
    """Waits for the answer where another process is asking already; without the others it asks by itself."""

    def __init__(self, models: Models, turns: Turns, marks: Mapping[ModelTask, str], note: Note) -> None:
        self._models, self._turns, self._marks, self._note = models, turns, marks, note

    def offers(self, task: ModelTask) -> bool:
        """Whether any model is named for a task."""
        return self._models.offers(task)

    async def ask(self, asking: Asking) -> Answered | None:
        """Return what the models within return, here or in another process."""
        if not asking.cached or not self._models.offers(asking.task):
            return await self._models.ask(asking)
        begun, key = time.perf_counter(), key_of(asking, self._marks.get(asking.task, ""))
        try:
            told = await self._turns.take(key)
        except StoreError:
            return await self._models.ask(asking)
        if told is not None:
            found = json.loads(told)
            answered = Answered(found["text"], found["data"], found["model"], cached=True)
            self._note(asking, answered, "joined", time.perf_counter() - begun)
            return answered
        return await self._asked(asking, key)

    def stream(self, asking: Asking) -> AsyncGenerator[str | Answered]:
        """Yield what the models within yield: each talk is its own."""
        return self._models.stream(asking)

    async def _asked(self, asking: Asking, key: str) -> Answered | None:
        answered = None
        try:
            answered = await self._models.ask(asking)
        finally:
            if answered is None:
                await self._turns.leave(key)
        if answered is not None:
            said = {"text": answered.text, "data": answered.data, "model": answered.model}
            await self._turns.tell(key, json.dumps(said).encode())
        return answered
