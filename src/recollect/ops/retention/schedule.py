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

FIRST: Final = timedelta(hours=1)
"""After the start, where a policy never ran: time to look at the preview."""
LONGEST: Final = 60.0
"""Seconds between looks at the clock: a machine that slept wakes up late."""


def scheduled(app: App) -> bool:
    """Whether the settings ask for runs now and then."""
    chosen = app.settings.retention
    return bool(chosen.policies) and chosen.every > 0


async def last_at(app: App) -> datetime | None:
    """Return when the policy of the settings that has waited longest last began; `None` where one never did."""
    last = await app.retention.last()
    begun = [last.get(policy.name) for policy in app.settings.retention.policies]
    return None if None in begun else min((one for one in begun if one is not None), default=None)


async def next_at(app: App) -> datetime | None:
    """Return when a server runs the policies next, `None` where the settings do not ask for it; it may be past.

    Where a policy never ran, that is a while after a start of the server, as if that were now.
    """
    return await _due(app, app.engine.now()) if scheduled(app) else None


async def _due(app: App, begun: datetime) -> datetime:
    every = timedelta(hours=app.settings.retention.every)
    last = await last_at(app)
    return begun + min(every, FIRST) if last is None else last + every


class Schedule:
    """The runs of one server. What fails is logged and tried again next time; it never ends the server."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def run(self) -> None:
        """Run the policies whenever it is time, until cancelled: an interval after they last ran, whoever ran them.

        Where one never ran, that is an hour after the start at most. What failed waits for an interval.
        """
        begun = self._app.engine.now()
        until = begun
        while True:
            due = max(await self.due(begun), until)
            now = self._app.engine.now()
            if now >= due:
                await self.turn()
                until = now + timedelta(hours=self._app.settings.retention.every)
            else:
                await asyncio.sleep(min(LONGEST, max((due - now).total_seconds(), 1.0)))

    async def due(self, begun: datetime) -> datetime:
        """Return when the next run is due in a server that was started then."""
        try:
            return await _due(self._app, begun)
        except RecollectError as error:
            log.warning("It could not be seen when retention last ran: %s", error.message)
            return self._app.engine.now() + timedelta(seconds=LONGEST)

    async def turn(self) -> None:
        """Run every policy once."""
        try:
            for done in await run(self._app, System(), _silent):
                log.info("Retention: %s did %s to %d memories", done.policy, done.action, done.memories)
        except RecollectError as error:
            log.warning("Retention failed, and goes on next time: %s", error.message)


def _silent(done: int, total: int | None, note: str = "") -> None:
    """Show nobody how far it is."""
