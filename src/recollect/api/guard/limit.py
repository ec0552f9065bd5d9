"""How many requests one client may send: by its address, and by the token it shows."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recollect.api.errors import failure
from recollect.api.guard.counts import SharedCounts
from recollect.api.guard.open import OPEN

CLIENTS: Final = 20_000
"""Most clients that are counted at once; beyond it the ones counted longest are forgotten."""

Key = Callable[[Scope], str | None]
"""Whom a request counts for; `None`: nobody."""


class Counters(Storage):
    """Counts in memory for the limits library, on one event loop: no locks, no threads, and never more than `CLIENTS`.

    Windows are all of one length, so the oldest entry is the first to expire.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing here fails."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return how many that makes in this window."""
        now = self._clock()
        count, ends = self._counts.get(key, (0, 0.0))
        if ends <= now:
            self._counts.pop(key, None)
            self._make_room(now)
            count, ends = 0, now + expiry
        self._counts[key] = (count + amount, ends)
        return count + amount

    def _make_room(self, now: float) -> None:
        while self._counts:
            _, ends = next(iter(self._counts.values()))
            if ends > now and len(self._counts) < CLIENTS:
                return
            self._counts.popitem(last=False)

    def get(self, key: str) -> int:
        """Return the count of this window."""
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since 1970."""
        return self._counts.get(key, (0, self._clock()))[1]

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget all counts; return how many there were."""
        count = len(self._counts)
        self._counts.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget one count."""
        self._counts.pop(key, None)


class RateLimit:
    """Answers 429 to a client that has sent more than its share of requests in this window."""

    def __init__(
        self,
        app: ASGIApp,
        rate: str,
        key: Key,
        clock: Callable[[], float] = time.time,
        *,
        shared: SharedCounts | None = None,
    ) -> None:
        self._app, self._shared = app, shared
        self._item: RateLimitItem = parse(rate)
        self._key = key
        self._clock = clock
        self._limiter = FixedWindowRateLimiter(Counters(clock))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request and let it through, or refuse it and say when to come again."""
        key = self._key(scope) if scope["type"] == "http" and scope["path"] not in OPEN else None
        if key is None:
            await self._app(scope, receive, send)
            return
        within, reset, remaining = await self._hit(key)
        wait = max(1, math.ceil(reset - self._clock()))
        said = [
            (b"x-ratelimit-limit", b"%d" % self._item.amount),
            (b"x-ratelimit-remaining", b"%d" % remaining),
            (b"x-ratelimit-reset", b"%d" % wait),
        ]

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", [])
                if all(name != b"x-ratelimit-limit" for name, _ in headers):
                    message["headers"] = [*headers, *said]
            await send(message)

        if within:
            await self._app(scope, receive, counted)
            return
        hint = f"Try again in {wait} seconds. The setting server.rate says how many are allowed."
        refused = failure(429, "rate_limited", "Too many requests", hint, {"retry-after": str(wait)})
        await refused(scope, receive, counted)

    async def _hit(self, key: str) -> tuple[bool, float, int]:
        """Count with the other servers, or alone; return whether it is within, when the window ends, what is left."""
        found = await self._shared.hit(self._item, key) if self._shared is not None else None
        if found is not None:
            return found
        within = self._limiter.hit(self._item, key)
        reset, remaining = self._limiter.get_window_stats(self._item, key)
        return within, reset, remaining


def by_token(scope: Scope) -> str | None:
    """Count for the token a request showed."""
    principal = scope.get("state", {}).get("principal")
    return principal.token_id or None if principal is not None else None


def by_address(*, loopback: bool) -> Key:
    """Count for the address a request came from, on this machine only with `loopback`.

    One who has an IPv6 address has 2^64 of them, so these count by network.
    """

    def key(scope: Scope) -> str | None:
        client = scope.get("client")
        if client is None:
            return "unknown"
        name: str = client[0]
        if name in {"127.0.0.1", "::1"}:
            return name if loopback else None
        if ":" not in name:
            return name
        try:
            return str(ipaddress.ip_network((name.partition("%")[0], 64), strict=False))
        except ValueError:
            return name

    return key
