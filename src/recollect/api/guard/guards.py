"""The guards, in the order a request meets them; whoever is refused by one never reaches the next."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from recollect.api.errors import Unforeseen
from recollect.api.guard.auth import Auth, NoAuth
from recollect.api.guard.body import Body, Bounds
from recollect.api.guard.counts import shared_counts
from recollect.api.guard.deadline import Deadline, Drain, Patience
from recollect.api.guard.headers import SecurityHeaders
from recollect.api.guard.limit import RateLimit, by_address, by_token
from recollect.api.guard.origin import LOOPBACK, Hosts, Origins
from recollect.api.guard.ready import Ready
from recollect.api.guard.request_id import RequestId
from recollect.api.watch.request_log import RequestLog
from recollect.settings import ServerSettings

MEGABYTE: Final = 1 << 20
SMALLEST, EFFORT = 1024, 4
"""Bytes from which an answer is packed, and how hard: 4 takes a third of the time of 9 for a few bytes more."""


@dataclass(frozen=True, slots=True)
class Door:
    """Who is let in: the address the server listens on, and whether a token is asked for.

    `key` seals the sessions of browsers; without one they end with the process. `counts` is a Redis in which several
    servers count requests together.
    """

    host: str
    auth: bool = True
    key: bytes | None = None
    counts: str | None = None


def guards(settings: ServerSettings, drain: Drain, door: Door | None) -> list[Middleware]:
    """Return the guards, the outermost first. Without a door nobody is asked who they are or where they come from."""
    bounds = Bounds(
        int(settings.body_mb * MEGABYTE), int(settings.import_mb * MEGABYTE), int(settings.buffer_mb * MEGABYTE)
    )
    patience = Patience(settings.body_timeout, settings.request_timeout)
    return [
        Middleware(RequestId),
        Middleware(RequestLog),
        Middleware(Unforeseen),
        Middleware(SecurityHeaders),
        *(_entrance(settings, door) if door else ()),
        Middleware(Deadline, patience, drain),
        Middleware(Body, bounds),
        Middleware(GZipMiddleware, minimum_size=SMALLEST, compresslevel=EFFORT),
    ]


def _entrance(settings: ServerSettings, door: Door) -> list[Middleware]:
    limited = settings.rate != "off"
    address = Middleware(
        RateLimit,
        settings.rate,
        by_address(loopback=settings.rate_loopback),
        shared=shared_counts(door.counts, "address"),
    )
    token = Middleware(RateLimit, settings.rate, by_token, shared=shared_counts(door.counts, "token"))
    return [
        Middleware(Hosts, [door.host, *settings.hosts], addresses=not is_loopback(door.host)),
        Middleware(Origins, settings.origins),
        *([_cors(settings)] if settings.origins else ()),
        Middleware(Ready),
        *([address] if limited else ()),
        Middleware(Auth if door.auth else NoAuth),
        *([token] if limited and door.auth else ()),
    ]


def _cors(settings: ServerSettings) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            *("Authorization", "X-API-Key", "Content-Type", "If-Match", "Idempotency-Key", "Last-Event-ID"),
            *("Mcp-Protocol-Version", "Mcp-Session-Id", "Mcp-Method", "Mcp-Name"),
        ],
        expose_headers=["ETag", "Retry-After", "X-Request-ID"],
        max_age=600,
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
