"""Keeps web pages out: names that are not ours (DNS rebinding), and pages of other sites that call us unasked."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from recollect.api.errors import failure
from recollect.api.guard.headers import header

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Hosts:
    """Refuses requests whose Host is no name of this server.

    A page that points its own name at this machine still sends that name; an address cannot be faked this way, so where
    the server listens for other machines (`addresses`) any address will do.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], *, addresses: bool = False) -> None:
        self._app = app
        self._hosts = LOOPBACK | {host.lower() for host in hosts}
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request for this server through; others get 421."""
        if scope["type"] != "http" or self._ours(header(scope, b"host")):
            await self._app(scope, receive, send)
            return
        refused = failure(
            421,
            "wrong_host",
            "This server does not go by that name",
            "Call it by its address, or add the name to the setting server.hosts.",
        )
        await refused(scope, receive, send)

    def _ours(self, given: str | None) -> bool:
        name = host_of(given or "")
        return name in self._hosts or (self._addresses and _is_address(name))


class Origins:
    """Refuses what pages of other sites send, unless the settings name their origin."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = {origin.lower().rstrip("/") for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let requests through that come from no page, from our own, or from one that was named; others get 403."""
        if scope["type"] != "http" or self._welcome(scope):
            await self._app(scope, receive, send)
            return
        refused = failure(
            403,
            "foreign_origin",
            "Pages of other sites may not call this server",
            "Name the page's origin in the setting server.origins.",
        )
        await refused(scope, receive, send)

    def _welcome(self, scope: Scope) -> bool:
        origin = header(scope, b"origin")
        if origin is None:
            return header(scope, b"sec-fetch-site") != "cross-site" or header(scope, b"sec-fetch-mode") == "navigate"
        own = (header(scope, b"host") or "").lower()
        lowered = origin.lower()
        return not self._origins.isdisjoint({lowered, "*"}) or lowered in {f"http://{own}", f"https://{own}"}


def host_of(given: str) -> str:
    """Return the name in a Host header, without port and brackets; empty when it cannot be read."""
    try:
        parts = urlsplit(f"//{given}")
        name, _ = parts.hostname or "", parts.port  # a port that is none raises
    except ValueError:
        return ""
    return "" if parts.username is not None or parts.path else name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
