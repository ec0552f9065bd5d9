"""Language models without a model: answers by what is asked for, in every run the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from typing import Any, get_args

from recollect.errors import ProviderFailed
from recollect.exchange import Answered, Asking, ModelTask

Script = Callable[[Asking], Any]


class ScriptedModels:
    """The Models port over functions, one a purpose.

    What a function returns is the answer: a text, or what JSON can say; `None` stands for no answer, and so does having
    no function. `asked` holds every question so far; `delay` is the seconds an answer takes, `most` the most questions
    that were open at once.
    """

    model = "scripted"

    def __init__(
        self,
        answers: Mapping[str, Script] | None = None,
        *,
        tasks: Collection[ModelTask] = get_args(ModelTask),
        delay: float = 0.0,
    ) -> None:
        self.answers = dict(answers or {})
        self.tasks = frozenset(tasks)
        self.delay = delay
        self.asked: list[Asking] = []
        self.most = 0
        self._open = 0

    def offers(self, task: ModelTask) -> bool:
        """Whether a task is among those given."""
        return task in self.tasks

    def of(self, purpose: str) -> list[Asking]:
        """Return the questions of one purpose."""
        return [asking for asking in self.asked if asking.purpose == purpose]

    async def ask(self, asking: Asking) -> Answered | None:
        """Return what the function of the purpose says."""
        self.asked.append(asking)
        self._open += 1
        self.most = max(self.most, self._open)
        try:
            await asyncio.sleep(self.delay)
            script = self.answers.get(asking.purpose)
            answer = None if script is None else script(asking)
        finally:
            self._open -= 1
        if answer is None:
            return None
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        return Answered(text, None if isinstance(answer, str) else answer, self.model)

    async def stream(self, asking: Asking) -> AsyncGenerator[str]:
        """Yield the answer word by word."""
        answered = await self.ask(asking)
        if answered is None:
            raise ProviderFailed("No answer is scripted")
        for word in answered.text.splitlines(keepends=True):
            yield word
