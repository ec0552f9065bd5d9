"""Has searches go on by a former embedder's vectors while those of the one in the settings are made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import Final

from recollect.app.embedders import cached, embedder
from recollect.app.spending import Book
from recollect.errors import ConfigError, RecollectError
from recollect.meters import Meters
from recollect.ports import Embed
from recollect.providers.changing_embed import ChangingEmbed
from recollect.providers.metered import MeteredEmbed
from recollect.providers.minilm import MiniLM
from recollect.settings import Settings
from recollect.stores.sql.database import Database
from recollect.stores.sql.vectors import held_by_model, models_held

log = logging.getLogger(__name__)

NEARLY: Final = 0.98
"""The share of the former's vectors from which on the new ones answer: what is left is found by words meanwhile."""

LOOK = 2.0
"""Seconds between looks at how far the vectors are."""

REMOTE: Final = ("openai", "azure", "ollama")
LOCAL: Final = ("all-MiniLM-L6-v2-int8", "all-MiniLM-L6-v2-float32")


class Changing:
    """The embedder of searches: `quick` is that of the settings, and `embed` may stand on a former one for a while."""

    def __init__(
        self, settings: Settings, database: Database, embedding: MeteredEmbed, meters: Meters, book: Book
    ) -> None:
        self._settings, self._database, self._meters, self._book = settings, database, meters, book
        self._embedding = embedding
        self.quick = cached(embedding, settings.embedder, meters)
        self.embed = ChangingEmbed(self.quick)
        self._is_made = True
        self._held: Embed | None = None
        if embedding.model != "none" and set(database.read_now(models_held)) - {embedding.model}:
            self._begin()

    @property
    def asked(self) -> bool:
        """Whether the embedder that was asked last answered."""
        former = self.embed.former
        return former.answering if isinstance(former, MeteredEmbed) else self._embedding.answering

    @property
    def lacking(self) -> bool:
        """Whether questions find little by meaning: vectors are being made, and no former embedder can be asked."""
        return not self._is_made and self.embed.former is None

    async def follow(self) -> None:
        """Return once the vectors are made, and the new ones answer."""
        while not self._is_made:
            await asyncio.sleep(LOOK)
            with suppress(RecollectError):  # of the store, which is asked again
                former = self._former(await self._database.read(held_by_model))
                if former is None:
                    log.info("The vectors of %s are made: questions are searched for by them", self.embed.model)
                    self._is_made, self.embed.former = True, None

    async def aclose(self) -> None:
        """Close the former embedder, if there is one."""
        self.embed.former = None
        for name in ("close", "aclose"):
            close = getattr(self._held, name, None)
            if close is not None and (done := close()) is not None:
                await done

    def _begin(self) -> None:
        name = self._former(self._database.read_now(held_by_model))
        if name is None:
            return
        self._is_made = False
        found = former_embedder(self._settings, name)
        if found is None:
            log.warning("Searching by words until vectors of %s are made: %s is not here", self.embed.model, name)
            return
        log.info("Searching by vectors of %s until those of %s are made", name, self.embed.model)
        self._held = found
        self.embed.former = MeteredEmbed(found, self._meters, self._book.embedding())

    def _former(self, held: Mapping[str, int]) -> str | None:
        """Return the model that has the most vectors; `None` where the new one has nearly as many."""
        own = held.get(self.embed.model, 0)
        most, name = max((count, name) for name, count in {self.embed.model: 0, **held}.items())
        return name if own < NEARLY * most else None


def former_embedder(settings: Settings, name: str) -> Embed | None:
    """Return what embeds by a model of this name, as far as it is here or the server in the settings may have it.

    Nothing is fetched for it.
    """
    chosen = settings.embedder
    if name in LOCAL:
        local = MiniLM(
            settings.home,
            folder=chosen.weights,
            precision="int8" if name.endswith("int8") else "float32",
            threads=chosen.threads,
        )
        return None if local.weights() == "missing" else local
    if (settings.home / "models" / "fastembed").is_dir():
        with suppress(ImportError, ConfigError):
            made: Embed = import_module("recollect.providers.fastembed_embed").FastEmbed(
                settings.home, name, threads=chosen.threads
            )
            return made
    if chosen.provider not in REMOTE:
        return None
    model, _, dimension = name.partition("@")
    asked = {"model": model, "dimension": int(dimension) if dimension.isdigit() else None}
    before = chosen.model_copy(update={**asked, "instruction": None, "fallbacks": ()})
    with suppress(ConfigError):
        found = embedder(settings.model_copy(update={"embedder": before}))
        return found if found.model == name else None
    return None
