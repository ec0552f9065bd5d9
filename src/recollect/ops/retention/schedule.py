"""Runs the policies every so often while a server runs."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from recollect.app import App
from recollect.errors import RecollectError
from recollect.models import System
from recollect.ops.retention.run import run

log = logging.getLogger(__name__)

LONGEST: Final = 60.0
"""Seconds between looks at the clock: a machine that slept wakes up late."""


def scheduled(app: App) -> bool:
    """Whether the settings ask for runs now and then."""
    chosen = app.settings.retention
    return bool(chosen.policies) and chosen.every > 0


def next_at(app: App, last: datetime | None) -> datetime | None:
    """Return when the next run is due after the last one began, `None` where none is."""
    if not scheduled(app):
        return None
    return app.engine.now() if last is None else last + timedelta(hours=app.settings.retention.every)


class Schedule:
    """The runs of one server. What fails is logged and tried again next time; it never ends the server."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def run(self) -> None:
        """Run the policies whenever it is time, until cancelled; the first time a whole interval after the start."""
        every = timedelta(hours=self._app.settings.retention.every)
        due = self._app.engine.now() + every
        while True:
            await asyncio.sleep(min(LONGEST, max((due - self._app.engine.now()).total_seconds(), 1.0)))
            if self._app.engine.now() >= due:
                await self.turn()
                due = self._app.engine.now() + every

    async def turn(self) -> None:
        """Run every policy once."""
        try:
            for done in await run(self._app, System(), _silent):
                log.info("Retention: %s did %s to %d memories", done.policy, done.action, done.memories)
        except RecollectError as error:
            log.warning("Retention failed, and goes on next time: %s", error.message)


def _silent(done: int, total: int | None, note: str = "") -> None:
    """Show nobody how far it is."""
