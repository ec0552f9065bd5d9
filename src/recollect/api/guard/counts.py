"""Requests that several servers count together, in Redis; while it does not answer each server counts by itself."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from limits import RateLimitItem
from limits.aio.storage import RedisSentinelStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

log = logging.getLogger(__name__)

PATIENCE: Final = 0.25
"""Seconds a request waits for the common count."""
REST: Final = 5.0
"""Seconds a Redis that did not answer is left alone."""


class SharedCounts:
    """Counts in one Redis for all servers that name it."""

    def __init__(self, storage: RedisStorage, kind: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._storage, self._limiter = storage, FixedWindowRateLimiter(storage)
        self._kind, self._clock = kind, clock
        self._resting = 0.0

    async def hit(self, item: RateLimitItem, key: str) -> tuple[bool, float, int] | None:
        """Count; return whether it is within, when the window ends and how many are left, `None` without an answer."""
        if self._clock() < self._resting:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                within = await self._limiter.hit(item, self._kind, key)
                window = await self._limiter.get_window_stats(item, self._kind, key)
        except (StorageError, OSError, TimeoutError):
            log.warning("Redis does not answer: requests are counted by each server alone")
            self._resting = self._clock() + REST
            return None
        return within, window.reset_time, window.remaining

    async def aclose(self) -> None:
        """Close the connections."""
        bridge: Any = self._storage.bridge
        for client in (bridge.get_connection(), *getattr(getattr(bridge, "sentinel", None), "sentinels", ())):
            await client.aclose()
            await client.connection_pool.disconnect()


def shared_counts(url: str | None, kind: str) -> SharedCounts | None:
    """Return the counts that are kept at an address, `None` where there is none."""
    if url is None:
        return None
    opened = _by_sentinels if "+sentinel://" in url else RedisStorage
    return SharedCounts(opened(f"async+{url}", implementation="redispy", wrap_exceptions=True), kind)


def _by_sentinels(url: str, **chosen: Any) -> RedisStorage:
    """Return counts at the master alone: a replica may be behind. The sentinels themselves are shown no password."""
    parts = urlsplit(url)
    name, _, number = parts.path.strip("/").partition("/")
    plain = urlunsplit(parts._replace(path=f"/{name}", query=""))
    hidden: Any = {"username": None, "password": None}
    chosen |= {"ssl": True} if "rediss+sentinel" in parts.scheme else {}
    return RedisSentinelStorage(plain, use_replicas=False, sentinel_kwargs=hidden, db=int(number or 0), **chosen)
