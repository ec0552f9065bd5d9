"""Puts a prompt to the models of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from recollect.exchange import Answered, Asking, ModelTask
from recollect.infer.prompt import Prompts
from recollect.ports import Models

RULES = "rules"
"""Who made what no model did."""
MADE_BY = "made_by"
"""The metadata key that says who made a derived memory: a model's name, or `rules`."""


class Ask:
    """The models and the prompts they are asked with."""

    def __init__(self, models: Models, prompts: Prompts, *, background: bool = False) -> None:
        self._models, self._prompts, self._background = models, prompts, background

    def behind(self) -> Ask:
        """Return the same for jobs in the background, which take turns."""
        return Ask(self._models, self._prompts, background=True)

    def offers(self, task: ModelTask) -> bool:
        """Whether any model is named for a task."""
        return self._models.offers(task)

    async def json(
        self,
        task: ModelTask,
        name: str,
        language: str,
        schema: Mapping[str, Any],
        *,
        project_id: str,
        limit: int | None = None,
        **given: str,
    ) -> Answered | None:
        """Return an answer whose `data` fits the schema, `None` when no model gave one."""
        if not self._models.offers(task):
            return None
        messages = self._prompts.get(name, language).messages(**given)
        answered = await self._asked(Asking(task, name, messages, schema=schema, limit=limit, project_id=project_id))
        return answered if answered is not None and isinstance(answered.data, Mapping) else None

    async def text(
        self,
        task: ModelTask,
        name: str,
        language: str,
        *,
        temperature: float,
        limit: int,
        project_id: str,
        **given: str,
    ) -> Answered | None:
        """Return an answer in words, `None` when no model gave one."""
        if not self._models.offers(task):
            return None
        messages = self._prompts.get(name, language).messages(**given)
        asking = Asking(task, name, messages, temperature=temperature, limit=limit, project_id=project_id)
        answered = await self._asked(asking)
        return answered if answered is not None and answered.text.strip() else None

    async def _asked(self, asking: Asking) -> Answered | None:
        return await self._models.ask(replace(asking, background=self._background))
