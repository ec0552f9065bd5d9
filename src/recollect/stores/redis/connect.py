"""Connections to Redis, one server or whatever its sentinels call the master; and its errors as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis, Sentinel
from redis.exceptions import RedisError

from recollect.errors import ConfigError, StoreBusy

SENTINEL_PORT = 26379


def connect(url: str, *, timeout: float) -> Redis:
    """Return a client that connects when it is first used.

    `redis://` and `rediss://` (TLS) name a server; `redis+sentinel://one:26379,two:26379/master/0` names sentinels, the
    master they watch and a database. Raises ConfigError.
    """
    try:
        if not url.startswith(("redis+sentinel://", "rediss+sentinel://")):
            return Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)
        return _by_sentinels(url, timeout)
    except ValueError as error:
        raise ConfigError("redis.url cannot be read", hint="Such as redis://host:6379/0.") from error


def _by_sentinels(url: str, timeout: float) -> Redis:
    parts = urlsplit(url)
    who, _, hosts = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    name, _, number = parts.path.strip("/").partition("/")
    if not name:
        raise ConfigError("redis.url names no master", hint="Such as redis+sentinel://host:26379/mymaster/0.")
    places = [(host, int(port or SENTINEL_PORT)) for host, _, port in (one.partition(":") for one in hosts.split(","))]
    found: Any = Sentinel(  # type: ignore[no-untyped-call]
        places,
        sentinel_kwargs={"socket_timeout": timeout, "socket_connect_timeout": timeout},
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        ssl=parts.scheme.startswith("rediss"),
        username=unquote(user) or None,
        password=unquote(password) or None,
        db=int(number or 0),
    )
    master: Redis = found.master_for(name)
    return master


async def disconnect(client: Redis) -> None:
    """Close the connections of a client, those to sentinels among them."""
    await client.aclose()
    await client.connection_pool.disconnect()
    for sentinel in getattr(getattr(client.connection_pool, "sentinel_manager", None), "sentinels", ()):
        await sentinel.aclose()


@contextmanager
def translated() -> Iterator[None]:
    """Turn every error of the driver into one of ours."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreBusy(
            f"Redis does not answer as it should ({type(error).__name__})", hint="Look whether it runs at redis.url."
        ) from error
