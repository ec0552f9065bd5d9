"""A cache in Redis: every process that names the same Redis and the same store shares it."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from recollect.exchange import Keep
from recollect.ports import Clock
from recollect.stores.redis.connect import disconnect, translated

_UNTIL = struct.Struct("<d")
"""When a value is over, in seconds since 1970: it stands before the value, so that our clock decides."""

_KEEP = """
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
local name, value, room = ARGV[4], ARGV[5], tonumber(ARGV[2])
local old = tonumber(redis.call('HGET', KEYS[3], name) or '0')
local taken = redis.call('HINCRBY', KEYS[3], '', #value - old)
redis.call('HSET', KEYS[3], name, #value)
redis.call('ZADD', KEYS[2], ARGV[7], name)
redis.call('SET', ARGV[3] .. name, value, 'PX', ARGV[6])
if taken > room then
    while taken > room * 0.9 do
        local first = redis.call('ZPOPMIN', KEYS[2])[1]
        if not first then break end
        local size = tonumber(redis.call('HGET', KEYS[3], first) or '0')
        redis.call('HDEL', KEYS[3], first)
        redis.call('DEL', ARGV[3] .. first)
        taken = redis.call('HINCRBY', KEYS[3], '', -size)
    end
end
return 1
"""
"""Keeps one value unless the cache was cleared; what is soonest over makes room. The field '' sums all sizes up."""

PAGE = 500


class RedisCache:
    """The SharedCache port over Redis; `room` is the most bytes that values take together, those soonest over go.

    Errors are StoreBusy.
    """

    def __init__(self, client: Redis, clock: Clock, *, prefix: str, room: int) -> None:
        self._client, self._clock, self._room = client, clock, room
        self._values, self._epoch = f"{prefix}:value:", f"{prefix}:epoch"
        self._index = [self._epoch, f"{prefix}:order", f"{prefix}:size"]
        self._all = (f"{prefix}:value:*", f"{prefix}:turn:*")
        self._script = client.register_script(_KEEP)

    async def get(self, key: str) -> bytes | None:
        """Return the value, or `None`."""
        with translated():
            found: Any = await self._client.get(self._values + key)
        if found is None:
            return None
        (until,) = _UNTIL.unpack_from(found)
        return bytes(found[_UNTIL.size :]) if until > self._clock.now().timestamp() else None

    async def set(self, key: str, value: bytes, *, ttl: float, epoch: int | None = None) -> None:
        """Keep a value, unless it alone would take all the room, or the cache was cleared since `epoch`."""
        await self.keep([Keep(key, value, ttl, await self.epoch() if epoch is None else epoch)])

    async def keep(self, values: Sequence[Keep]) -> None:
        """Keep values, the last one of a key; each as `set` does."""
        now = self._clock.now().timestamp()
        with translated():
            for one in {one.key: one for one in values}.values():
                if len(one.value) > self._room:
                    continue
                until = now + one.ttl
                given: list[Any] = [one.epoch, self._room, self._values, one.key, _UNTIL.pack(until) + one.value]
                await self._script(keys=self._index, args=[*given, max(round(one.ttl * 1000), 1), until])

    async def holding(self, pieces: Sequence[bytes]) -> int:
        """Return how many values, and answers that somebody waits for, hold one of these pieces."""
        found = 0
        with translated():
            for match in self._all:
                async for name in self._client.scan_iter(match=match, count=PAGE):
                    value: Any = await self._client.get(name)
                    found += any(piece in bytes(value or b"") for piece in pieces)
        return found

    async def epoch(self) -> int:
        """Return how often the cache has been cleared."""
        with translated():
            return int(await self._client.get(self._epoch) or 0)

    async def clear(self) -> None:
        """Delete every entry, and answers that somebody waits for. What was begun before is not kept from here on."""
        with translated():
            await self._client.incr(self._epoch)
            await self._client.delete(*self._index[1:])
            found = [name for match in self._all async for name in self._client.scan_iter(match=match, count=PAGE)]
            for start in range(0, len(found), PAGE):
                await self._client.unlink(*found[start : start + PAGE])

    async def aclose(self) -> None:
        """Close the connections."""
        await disconnect(self._client)
