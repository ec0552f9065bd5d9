"""Keeps a node and its center alike in the background: soon after a write, else now and then, later when it fails."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Final

from recollect.app import App
from recollect.errors import ConfigError, Conflict, RecollectError
from recollect.ops.sync.exchange import Exchange

log = logging.getLogger(__name__)

GLANCE: Final = 0.5
"""Seconds between looks for writes of one's own, whichever process made them."""
LONGEST: Final = 300.0
"""Most seconds between attempts while the center cannot be reached."""


def keeps(app: App) -> bool:
    """Whether this store is a node that has a center."""
    node = app.settings.node
    return node.role == "agent" and node.center is not None and node.token is not None


class Keeper:
    """The one task that exchanges in a server process. Nothing it meets ends it but being cancelled."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._every = app.settings.node.every
        self._failures = 0

    async def run(self) -> None:
        """Exchange until cancelled."""
        exchange = Exchange(self._app)
        try:
            while True:
                await self._rest(await self._try(exchange))
        finally:
            exchange.close()

    async def _try(self, exchange: Exchange) -> float:
        """Exchange unless that is paused; return how many seconds to rest."""
        try:
            if (await self._app.sync.link()).paused:
                return self._every
            await exchange.once()
        except Conflict:
            return self._every
        except RecollectError as error:
            if not self._failures:
                log.warning("The exchange with the center failed: %s", error.message)
            self._failures += 1
            return LONGEST if isinstance(error, ConfigError) else self._pause()
        except Exception:  # the server must not lose its exchange over one turn of it; it is logged whole
            log.exception("The exchange with the center failed for a reason nobody foresaw")
            self._failures += 1
            return LONGEST
        if self._failures:
            log.info("The exchange with the center works again")
        self._failures = 0
        return self._every

    def _pause(self) -> float:
        """Return how long to wait after a failure: twice as long each time, and not all nodes at once."""
        longest = min(LONGEST, self._every * 2.0 ** min(self._failures, 10))
        return random.uniform(0.5, 1) * longest  # noqa: S311 - no secret

    async def _rest(self, seconds: float) -> None:
        """Rest; while all is well, only until something was written here."""
        end = asyncio.get_running_loop().time() + seconds
        while (left := end - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(GLANCE, left))
            if not self._failures and await self._is_behind():
                return

    async def _is_behind(self) -> bool:
        try:
            link = await self._app.sync.link()
            return not link.paused and link.pushed < await self._app.engine.stores.records.head()
        except RecollectError:
            return False
