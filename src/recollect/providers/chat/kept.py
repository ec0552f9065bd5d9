"""Language models whose answers are kept for a while, for questions that are equal in everything."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final

from recollect.errors import StoreError
from recollect.exchange import Answered, Asking, ModelTask
from recollect.meters import Deed, Meters
from recollect.ports import Cache, Models

log = logging.getLogger("recollect.models")

FORM: Final = 1
"""The form of what is kept; another one makes the keys others."""

Note = Callable[[Asking, Answered, str, float], None]
"""Told of an answer that no model was asked for: the question, the answer, how it came (`cached` or `joined`), and the
seconds it took."""


class KeptModels:
    """Answers from the cache what was answered before. `marks` say how each task's models are set: part of the key."""

    def __init__(
        self,
        models: Models,
        cache: Cache,
        marks: Mapping[ModelTask, str],
        *,
        ttl: float,
        meters: Meters,
        note: Note,
    ) -> None:
        self._models, self._cache, self._marks = models, cache, marks
        self._ttl, self._meters, self._note = ttl, meters, note

    def offers(self, task: ModelTask) -> bool:
        """Whether any model is named for a task."""
        return self._models.offers(task)

    async def ask(self, asking: Asking) -> Answered | None:
        """Return the kept answer, or that of the models, which is kept unless something was deleted meanwhile."""
        if not asking.cached or not self._models.offers(asking.task):
            return await self._models.ask(asking)
        begun = time.perf_counter()
        key = key_of(asking, self._marks.get(asking.task, ""))
        kept = await self._get(key)
        seconds = time.perf_counter() - begun
        self._meters(Deed("cache", "answers", seconds, 0 if kept is None else 1))
        if kept is not None:
            self._note(asking, kept, "cached", seconds)
            return kept
        epoch = await self._epoch()
        answered = await self._models.ask(asking)
        if answered is not None and epoch is not None:
            await self._keep(key, answered, epoch)
        return answered

    def stream(self, asking: Asking) -> AsyncGenerator[str | Answered]:
        """Yield what the models yield: talk is not kept."""
        return self._models.stream(asking)

    async def _get(self, key: str) -> Answered | None:
        try:
            data = await self._cache.get(key)
        except StoreError as error:
            log.warning("the kept answers cannot be read: %s", error)
            return None
        if data is None:
            return None
        kept = json.loads(data)
        return Answered(kept["text"], kept["data"], kept["model"], cached=True)

    async def _epoch(self) -> int | None:
        try:
            return await self._cache.epoch()
        except StoreError:
            return None

    async def _keep(self, key: str, answered: Answered, epoch: int) -> None:
        kept = {"text": answered.text, "data": answered.data, "model": answered.model}
        try:
            await self._cache.set(key, json.dumps(kept, ensure_ascii=False).encode(), ttl=self._ttl, epoch=epoch)
        except StoreError as error:
            log.warning("an answer could not be kept: %s", error)


def key_of(asking: Asking, mark: str) -> str:
    """Return a digest of everything that shapes an answer, and of whose it is: equal questions have equal keys."""
    shape: dict[str, Any] = {
        "form": FORM,
        "mark": mark,
        "project": asking.project_id,
        "task": asking.task,
        "messages": [[one["role"], one["content"]] for one in asking.messages],
        "schema": asking.schema,
        "temperature": asking.temperature,
        "limit": asking.limit,
    }
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()
