"""Opens the Redis that the settings name, for what several processes share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from recollect.errors import ConfigError
from recollect.ports import Clock, SharedCache, Turns
from recollect.settings import Settings, secret


@dataclass(frozen=True, slots=True)
class Shared:
    """What is kept in Redis: answers of models, and who is asking them; `aclose` ends the connections."""

    cache: SharedCache
    turns: Turns
    aclose: Callable[[], Awaitable[None]]


def open_shared(settings: Settings, clock: Clock, *, room: int) -> Shared | None:
    """Return what Redis keeps, `None` where the settings name none; raise ConfigError. It need not answer yet."""
    chosen = settings.redis
    if chosen.url is None:
        return None
    try:
        connect = import_module("recollect.stores.redis.connect").connect
    except ImportError as error:
        raise ConfigError(
            "redis.url names a Redis, whose client is not installed", hint="pip install 'recollect[redis]'"
        ) from error
    client = connect(secret(chosen.url), timeout=chosen.timeout)
    cache = import_module("recollect.stores.redis.cache").RedisCache(client, clock, prefix=chosen.prefix, room=room)
    turns = import_module("recollect.stores.redis.turns").RedisTurns(client, prefix=chosen.prefix)
    return Shared(cache, turns, cache.aclose)


class Wake(Protocol):
    """Tells other processes that this one wrote, and hears of theirs."""

    def wrote(self) -> None:
        """Have the others told soon; from any thread, in microseconds."""

    async def run(self) -> None:
        """Tell and hear until cancelled."""


def open_wake(settings: Settings, heard: Callable[[], object]) -> Wake | None:
    """Return what wakes processes over Redis, `None` where the settings name none. It need not answer yet."""
    chosen = settings.redis
    if chosen.url is None:
        return None
    client = import_module("recollect.stores.redis.connect").connect(secret(chosen.url), timeout=chosen.timeout)
    woken: Wake = import_module("recollect.stores.redis.wake").RedisWake(client, prefix=chosen.prefix, heard=heard)
    return woken
