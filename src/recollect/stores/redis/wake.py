"""Wakes other processes when something was written. What was written stands in the store: a lost word costs nothing."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from redis.asyncio import Redis

from recollect.errors import StoreBusy
from recollect.stores.redis.connect import disconnect, translated

log = logging.getLogger(__name__)

GATHER: Final = 0.02
"""Seconds for which writes are gathered into one word."""
PAUSE: Final = 1.0
"""Seconds until a Redis that does not answer is tried again."""
QUIET: Final = 5.0
"""Seconds of silence after which the connection is looked at."""


class RedisWake:
    """Tells the others of this process's writes, and calls `heard` at theirs, on the running event loop."""

    def __init__(self, client: Redis, *, prefix: str, heard: Callable[[], object]) -> None:
        self._client, self._channel, self._heard = client, f"{prefix}:wrote", heard
        self._own = secrets.token_hex(8).encode()
        self._written = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def wrote(self) -> None:
        """Have the others told soon; from any thread, and in microseconds."""
        if not self._written.is_set():
            with suppress(RuntimeError):  # the loop is closed: the process ends
                self._loop.call_soon_threadsafe(self._written.set)

    async def run(self) -> None:
        """Tell and hear until cancelled."""
        try:
            await asyncio.gather(self._again(self._tell), self._again(self._hear))
        finally:
            await disconnect(self._client)

    async def _again(self, do: Callable[[], Any]) -> None:
        while True:
            try:
                await do()
            except StoreBusy as error:
                log.info("Other processes are not woken over Redis: %s", error.message)
            await asyncio.sleep(PAUSE)

    async def _tell(self) -> None:
        while True:
            await self._written.wait()
            await asyncio.sleep(GATHER)
            self._written.clear()
            with translated():
                await self._client.publish(self._channel, self._own)

    async def _hear(self) -> None:
        async with self._client.pubsub() as listening:
            with translated():
                await listening.subscribe(self._channel)
            while True:
                with translated():
                    found: Any = await listening.get_message(ignore_subscribe_messages=True, timeout=QUIET)
                if found is not None and found["data"] != self._own:
                    self._heard()
