"""Who asks a model while others wait for the same answer: one process at a time for each question."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis

from recollect.errors import StoreBusy
from recollect.stores.redis.connect import translated

LEASE, RENEW, LOOK = 15.0, 5.0, 0.05
"""Seconds a turn lasts unless it is renewed, between renewals, and between looks of those who wait."""

LEFT = 10.0
"""Seconds an answer lies there for those who wait."""

_HELD, _TOLD = b"h", b"t"

_IF_MINE = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end "
_TELL = _IF_MINE + "redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1"
_LEAVE = _IF_MINE + "redis.call('DEL', KEYS[1]) return 1"
_RENEW = _IF_MINE + "redis.call('PEXPIRE', KEYS[1], ARGV[2]) return 1"


class RedisTurns:
    """The Turns port over Redis. The turn of a process that died is over after `lease` seconds."""

    def __init__(self, client: Redis, *, prefix: str, lease: float = LEASE) -> None:
        self._client, self._prefix, self._lease = client, f"{prefix}:turn:", lease
        self._tell, self._leave, self._renew = (client.register_script(text) for text in (_TELL, _LEAVE, _RENEW))
        self._mine: dict[str, tuple[bytes, asyncio.Task[None]]] = {}

    async def take(self, key: str) -> bytes | None:
        """Take the turn, or wait for the answer; raises StoreBusy."""
        name, token = self._prefix + key, _HELD + secrets.token_bytes(8)
        while True:
            with translated():
                found: Any = await self._client.set(name, token, nx=True, px=round(self._lease * 1000), get=True)
            if found is None:
                self._mine[key] = (token, asyncio.create_task(self._hold(name, token)))
                return None
            if found[:1] == _TOLD:
                return bytes(found[1:])
            await asyncio.sleep(LOOK)

    async def tell(self, key: str, answer: bytes) -> None:
        """Give the answer to those who wait; not where the cache was cleared meanwhile."""
        token = self._given_up(key)
        with suppress(StoreBusy), translated():
            await self._tell(keys=[self._prefix + key], args=[token, _TOLD + answer, round(LEFT * 1000)])

    async def leave(self, key: str) -> None:
        """Give the turn back without an answer: the next one asks."""
        token = self._given_up(key)
        with suppress(StoreBusy), translated():
            await self._leave(keys=[self._prefix + key], args=[token])

    async def _hold(self, name: str, token: bytes) -> None:
        while True:
            await asyncio.sleep(min(RENEW, self._lease / 3))
            with suppress(StoreBusy), translated():
                await self._renew(keys=[name], args=[token, round(self._lease * 1000)])

    def _given_up(self, key: str) -> bytes:
        token, holding = self._mine.pop(key)
        holding.cancel()
        return token
