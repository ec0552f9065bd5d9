"""Has what was deleted forgotten: in the database, and in the memory of every process, whichever of them deleted it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from recollect.errors import RecollectError
from recollect.providers.chat.language import LanguageModels
from recollect.stores.sql.cache import epoch_of, turn
from recollect.stores.sql.database import Database
from recollect.stores.sql.scrub import scrub

log = logging.getLogger(__name__)

LOOK: Final = 1.0
"""Seconds between looks at whether another process has deleted something."""


class Forgetting:
    """Empties what this process holds of texts, and wipes the database. The job for that is done by one process.

    The others learn of it by the epoch of the cached answers, which every wiping makes another one.
    """

    def __init__(self, database: Database, models: LanguageModels, *clear: Callable[[], None]) -> None:
        self._database, self._models, self._clear = database, models, clear
        self._seen: int | None = None

    async def __call__(self, _: object) -> None:
        """Do the job."""
        self._empty()
        await self._models.forget()
        await self._database.write(turn)
        await scrub(self._database)

    async def follow(self) -> None:
        """Empty what is held whenever another process has done the job, until cancelled."""
        watch = self._database.watch()
        stamp = -1
        try:
            while True:
                try:
                    now = watch.stamp()
                    if now != stamp:
                        await self.look()
                        stamp = now
                except RecollectError as error:
                    log.info("It could not be seen whether anything was deleted: %s", error.code)
                await asyncio.sleep(LOOK)
        finally:
            watch.close()

    async def look(self) -> None:
        """Empty what is held if anything was wiped since the last look."""
        epoch = await self._database.read(epoch_of)
        if self._seen is not None and epoch != self._seen:
            self._empty()
        self._seen = epoch

    def _empty(self) -> None:
        for clear in self._clear:
            clear()
