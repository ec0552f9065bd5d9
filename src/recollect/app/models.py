"""Builds the language models that the settings name, layer by layer; nothing is loaded before it is asked."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from recollect.app.llama import keeper, local_chat, usable
from recollect.app.shared import Shared, open_shared
from recollect.errors import ConfigError
from recollect.exchange import Answered, Asking
from recollect.meters import Meters
from recollect.models import Usage
from recollect.ports import Chat, Clock, Models, Records
from recollect.providers.chat.budget import Budget
from recollect.providers.chat.deferred import DeferredChat
from recollect.providers.chat.joined import JoinedModels
from recollect.providers.chat.kept import KeptModels, Note
from recollect.providers.chat.language import LanguageModels
from recollect.providers.chat.ledger import Ledger
from recollect.providers.chat.metered import MeteredChat
from recollect.providers.chat.paced import PacedModels
from recollect.providers.chat.price import Price
from recollect.providers.chat.queued import QueuedChat
from recollect.providers.chat.rested import RestedChat
from recollect.providers.chat.retried import RetriedChat
from recollect.providers.chat.router import Chain, Router
from recollect.providers.chat.turned import TurnedModels
from recollect.providers.held_cache import HeldCache, LayeredCache
from recollect.providers.llama.chat import LlamaChat
from recollect.settings import LOCAL, Place, Plan, Ref, Settings, plan
from recollect.stores.sql.cache import SqlCache
from recollect.stores.sql.database import Database

MEGABYTE = 1 << 20


def language_models(
    settings: Settings, database: Database, records: Records, meters: Meters, clock: Clock
) -> LanguageModels:
    """Return the models that the settings name; none is asked where they name none.

    Raises ConfigError for a model that cannot be asked: no key, no address, no library for it.
    """
    chosen = plan(settings, local=lambda name: usable(settings, name))
    if chosen.places and find_spec("pydantic_ai") is None:
        raise ConfigError("language models of providers need Pydantic AI", hint='pip install "recollect[models]"')
    wanted = settings.models.cache
    room = wanted.max_size_mb * MEGABYTE
    built = _Built(settings, chosen, records, meters, clock)
    if not wanted.enabled:
        return built.models(None, None)
    held, shared = HeldCache(room=min(wanted.memory_mb * MEGABYTE, room)), open_shared(settings, clock, room=room)
    behind = SqlCache(database, clock, room=room) if shared is None else shared.cache
    return built.models(LayeredCache(held, behind), shared)


class _Built:
    """Builds the layers; what several models share is made once."""

    def __init__(self, settings: Settings, chosen: Plan, records: Records, meters: Meters, clock: Clock) -> None:
        self._settings, self._plan, self._meters, self._clock = settings, chosen, meters, clock
        self._records, self._ledger = records, Ledger(records.spend)
        limits = settings.models.budget
        self._budget = Budget(limits.tokens, limits.dollars, self._spent, clock)
        self._lines = _Lines()
        self._places = {name: asyncio.Semaphore(place.concurrency) for name, place in chosen.places.items()}
        self._keeper = keeper(settings)
        self._local: list[LlamaChat] = []
        self._rested: dict[tuple[Ref, bool], RestedChat] = {}
        self._chats: dict[tuple[Ref, bool], Chat] = {}

    def models(self, cache: LayeredCache | None, shared: Shared | None) -> LanguageModels:
        """Return everything as one."""
        chains = {
            task: Chain(
                [[self._chat(ref, thinking=route.thinking) for ref in step] for step in route.steps],
                route.temperature,
                route.max_tokens,
            )
            for task, route in self._plan.routes.items()
        }
        models: Models = PacedModels(Router(chains), self._settings.infer.concurrency)
        if shared is not None:
            models = TurnedModels(models, shared.turns, self._marks(), self._note)
        if cache is not None:
            ttl = self._settings.models.cache.ttl_seconds
            models = KeptModels(models, cache, self._marks(), ttl=ttl, meters=self._meters, note=self._note)
        models = JoinedModels(models, self._note)
        return LanguageModels(
            models,
            list(self._rested.values()),
            self._budget,
            self._ledger,
            cache,
            [self._lines.aclose, self._keeper.aclose, *([] if shared is None else [shared.aclose])],
            [chat.warm for chat in self._local if self._settings.local.warm_up],
        )

    async def _spent(self, day: datetime) -> tuple[int, float]:
        """Return what was spent since a day began; what is jotted down is written before."""
        await self._ledger.settled()
        return await self._records.spent(since=day)

    def _chat(self, ref: Ref, *, thinking: bool) -> Chat:
        """Return a model in all its layers, the same one wherever it is named with the same thinking."""
        key = (ref, thinking)
        if key not in self._chats:
            cool_down, retries = self._settings.models.cool_down, self._settings.models.retries
            rested = self._rested[key] = RestedChat(self._inner(ref, thinking=thinking), seconds=cool_down)
            places = self._places.get(ref.provider)
            self._chats[key] = RetriedChat(
                rested if places is None else QueuedChat(rested, places), retries=0 if places is None else retries
            )
        return self._chats[key]

    def _inner(self, ref: Ref, *, thinking: bool) -> Chat:
        label = str(ref)
        if ref.provider == LOCAL:
            local = local_chat(self._keeper, ref.model, self._settings.local)
            self._local.append(local)
            return self._metered(local, Price(label, ref.model, LOCAL, "", {}))
        place = self._plan.places[ref.provider]

        def make() -> Chat:
            price = Price(label, ref.model, place.kind, place.base_url, self._settings.models.prices)
            return self._metered(self._lines.of(place).chat(ref.model, label=label, thinking=thinking), price)

        return DeferredChat(label, make)

    def _metered(self, chat: Chat, price: Price) -> Chat:
        return MeteredChat(chat, price, self._budget, self._ledger, self._meters, self._clock)

    def _marks(self) -> Mapping[Any, str]:
        """Return what shapes the answers of each task besides the question: its models, and how they are asked."""
        places = {name: (place.kind, place.base_url, place.api_version) for name, place in self._plan.places.items()}
        return {task: json.dumps([asdict(route), places], sort_keys=True) for task, route in self._plan.routes.items()}

    @property
    def _note(self) -> Note:
        def note(asking: Asking, answered: Answered, outcome: str, seconds: float) -> None:
            usage = Usage(
                self._clock.now(),
                asking.purpose,
                answered.model,
                milliseconds=round(seconds * 1000, 3),
                project_id=asking.project_id,
                outcome=outcome,
            )
            self._ledger.jot(usage)

        return note


class _Lines:
    """The connections to each provider, made with its first question; on any thread."""

    def __init__(self) -> None:
        self._lines: dict[str, Any] = {}
        self._lock = threading.Lock()

    def of(self, place: Place) -> Any:
        """Return the connections to a provider."""
        with self._lock:
            if place.provider not in self._lines:
                wire = import_module("recollect.providers.chat.wire")
                server = wire.Server(
                    place.provider, place.kind, place.base_url, place.api_key, place.api_version, place.timeout
                )
                self._lines[place.provider] = import_module("recollect.providers.chat.line").Line(server)
            return self._lines[place.provider]

    async def aclose(self) -> None:
        """Close them all."""
        for line in self._lines.values():
            await line.aclose()
