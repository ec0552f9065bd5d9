"""Backs a store up every so often while its server runs, and removes the backups that are no longer kept."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from recollect.app import App
from recollect.app.tables import tables_of
from recollect.errors import NotFound, RecollectError
from recollect.ops.backup.chosen import policy_of, repository_of
from recollect.ops.backup.keep import prune
from recollect.ops.backup.repository import Repository
from recollect.ops.backup.write import back_up

log = logging.getLogger(__name__)

AGAIN: Final = timedelta(minutes=10)
"""Until what failed is tried again."""
LONGEST: Final = 60.0
"""Seconds between looks at the clock: a machine that slept wakes up late."""


def scheduled(app: App) -> bool:
    """Whether the settings ask for backups now and then."""
    return app.settings.backup.to is not None and app.settings.backup.every > 0


class Schedule:
    """The backups of one server. What fails is logged and tried again; it never ends the server."""

    def __init__(self, app: App) -> None:
        self._app, self._chosen = app, app.settings.backup

    async def run(self) -> None:
        """Back up whenever it is time, until cancelled."""
        due: datetime | None = None
        while True:
            now = self._app.engine.now()
            if due is None or now >= due:
                try:
                    due = await self.turn(now)
                except RecollectError as error:
                    log.warning("A backup failed, and is tried again in ten minutes: %s", error.message)
                    due = now + AGAIN
            await asyncio.sleep(min(LONGEST, max((due - now).total_seconds(), 1.0)))

    async def turn(self, now: datetime) -> datetime:
        """Back up if the last backup is old enough; return when the next one is due."""
        every = timedelta(hours=self._chosen.every)
        repository = await asyncio.to_thread(repository_of, self._chosen, create=True)
        last = await asyncio.to_thread(_last, repository)
        if last is not None and now < last + every:
            return last + every
        made = await back_up(self._app, tables_of(self._app), repository, _silent)
        log.info("Backed up %d memories, %d new bytes", made.memories, made.new_bytes)
        await prune(repository, policy_of(self._chosen), now)
        return now + every


def _last(repository: Repository) -> datetime | None:
    try:
        return repository.snapshot().made_at
    except NotFound:
        return None


def _silent(done: int, total: int | None, note: str = "") -> None:
    """Show nobody how far it is."""
