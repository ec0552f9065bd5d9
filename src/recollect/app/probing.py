"""Asks every model that the settings name one tiny question, also where there is no store yet."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from recollect.app.app import App, released
from recollect.app.embedders import servers
from recollect.app.models import language_models
from recollect.app.rerank import reranking
from recollect.app.spending import Book
from recollect.clock import SystemClock
from recollect.errors import ConfigError, ProviderError, ProviderRefused
from recollect.meters import Meters
from recollect.models import Embedding
from recollect.providers.chat.language import LanguageModels, Probe
from recollect.providers.embed_chain import ALIKE, PROBE, likeness
from recollect.providers.metered import MeteredEmbed
from recollect.settings import Settings
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.records import SqlRecords

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Probing:
    """The language models, and the settings that name the others."""

    models: LanguageModels
    settings: Settings

    async def language(self) -> Sequence[Probe]:
        """Ask each language model."""
        return await self.models.probe()

    async def embedders(self) -> list[Probe]:
        """Ask each server of the embedder for one vector; those after the first must give the same one."""
        found: list[Probe] = []
        first: Embedding | None = None
        spending = self._book.embedding()
        for where, embed in servers(self.settings):
            metered = MeteredEmbed(embed, Meters(), spending)
            probe, made = await _timed(f"embedder {embed.model}{where}", metered.embed_question(PROBE, least=0.0))
            await released(embed)
            if made is not None and first is not None and likeness(first.vector, made.vector) < ALIKE:
                other = ProviderRefused(
                    "it serves another model than the first one", hint="Take it out of embedder.fallbacks."
                )
                probe = Probe(probe.model, probe.seconds, other)
            first = first or made
            found.append(probe)
        return found

    async def rerankers(self) -> list[Probe]:
        """Ask the reranker to compare two texts."""
        made = reranking(self.settings.rerank, Meters(), self._book.reranking())
        if made is None:
            return []
        texts = ["The door is red.", "It rains."]
        probe, _ = await _timed(f"reranker {made.model.model}", made.model.rerank("Which door is red?", texts))
        await released(made.model)
        return [probe]

    @property
    def _book(self) -> Book:
        return Book(self.settings, self.models.jot, self.models.hold, SystemClock())


def probing(app: App) -> Probing:
    """Return what asks the models of an application, whose store notes what that takes."""
    return Probing(app.models, app.settings)


@asynccontextmanager
async def storeless(settings: Settings) -> AsyncIterator[Probing]:
    """Yield what asks models where there is no store: what that takes is noted in one that is thrown away.

    Raises ConfigError for a model that cannot be asked.
    """
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="recollect-"))
        database = Database(Path(folder) / "recollect.db")
        stack.push_async_callback(database.close)
        upgrade(database)
        clock = SystemClock()
        models = language_models(settings, database, SqlRecords(database, clock), Meters(), clock)
        stack.push_async_callback(models.aclose)
        yield Probing(models, settings)


async def _timed(name: str, asked: Awaitable[T]) -> tuple[Probe, T | None]:
    begun = time.perf_counter()
    try:
        made = await asked
    except (ProviderError, ConfigError) as error:
        failed = error if isinstance(error, ProviderError) else ProviderRefused(error.message, hint=error.hint)
        return Probe(name, time.perf_counter() - begun, failed), None
    return Probe(name, time.perf_counter() - begun), made
