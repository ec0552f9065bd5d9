"""Who is asked to do a task: the preferred model, its equals in turn, then each fallback."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field, replace

from recollect.errors import ProviderError, ProviderFailed
from recollect.exchange import Answered, Asking, ModelTask, Spoken
from recollect.ports import Chat
from recollect.providers.chat.text import NOTHING, read_json

log = logging.getLogger("recollect.models")


@dataclass(slots=True)
class Chain:
    """The models of a task: steps in order, the models of one step being equals; and how they are asked."""

    steps: Sequence[Sequence[Chat]]
    temperature: float = 0.0
    limit: int | None = None
    _busy: dict[str, int] = field(default_factory=dict)
    _turn: int = 0

    def order(self) -> Generator[Chat]:
        """Yield the models as they are to be tried; of equals the least busy first, in turn where equally so.

        A model counts as busy from when it is yielded until the next one is.
        """
        self._turn += 1
        for step in self.steps:
            turned = [step[(place + self._turn) % len(step)] for place in range(len(step))]
            for chat in sorted(turned, key=lambda one: self._busy.get(one.model, 0)):
                self._busy[chat.model] = self._busy.get(chat.model, 0) + 1
                try:
                    yield chat
                finally:
                    self._busy[chat.model] -= 1


class Router:
    """Language models by task. A chain ends with the offline rule, which is the caller's."""

    def __init__(self, chains: Mapping[ModelTask, Chain]) -> None:
        self._chains = chains

    def offers(self, task: ModelTask) -> bool:
        """Whether any model is named for a task."""
        return task in self._chains

    async def ask(self, asking: Asking) -> Answered | None:
        """Return the first good answer of the task's models, `None` when none gives one."""
        chain = self._chains.get(asking.task)
        if chain is None:
            return None
        asking = _filled(asking, chain)
        with closing(chain.order()) as order:
            for chat in order:
                try:
                    spoken = await chat.answer(asking)
                except ProviderError as error:
                    log.info("%s was not answered by %s: %s", asking.task, chat.model, error.message)
                    continue
                answered = _read(spoken, asking, chat.model)
                if answered is not None:
                    return answered
                log.info("%s was not answered by %s in the form that was asked for", asking.task, chat.model)
        return None

    async def stream(self, asking: Asking) -> AsyncGenerator[str | Answered]:
        """Yield the answer of the first model that begins one, and last the whole of it."""
        chain = self._chains.get(asking.task)
        if chain is None:
            raise ProviderFailed(f"No model is named for {asking.task}", hint="Set models.tasks.")
        asking = _filled(asking, chain)
        last: ProviderError | None = None
        with closing(chain.order()) as order:
            for chat in order:
                begun = False
                try:
                    async with aclosing(chat.stream(asking)) as pieces:
                        async for piece in pieces:
                            begun = True
                            yield piece if isinstance(piece, str) else Answered(piece.text, None, chat.model)
                except ProviderError as error:
                    log.info("%s was not answered by %s: %s", asking.task, chat.model, error.message)
                    if begun:
                        raise
                    last = error
                else:
                    return
        raise last or ProviderFailed(f"No model answered {asking.task}")


def _filled(asking: Asking, chain: Chain) -> Asking:
    """Return a question with what the task sets where it says nothing itself."""
    temperature = chain.temperature if asking.temperature is None else asking.temperature
    return replace(asking, temperature=temperature, limit=chain.limit if asking.limit is None else asking.limit)


def _read(spoken: Spoken, asking: Asking, model: str) -> Answered | None:
    if asking.schema is None:
        return Answered(spoken.text, None, model)
    data = read_json(spoken.text, asking.schema)
    return None if data is NOTHING else Answered(spoken.text, data, model)
