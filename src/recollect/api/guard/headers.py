"""Headers that keep browsers from doing harm with an answer: no sniffing, no framing, no keeping, no scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY: Final[Sequence[tuple[bytes, bytes]]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"cache-control", b"no-store"),
)
"""What every answer carries, unless its route says otherwise."""


class SecurityHeaders:
    """Adds the security headers that a route has not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, safely for browsers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = [(name.lower(), value) for name, value in message.get("headers", ())]
                names = {name for name, _ in said}
                message["headers"] = [*said, *(pair for pair in SECURITY if pair[0] not in names)]
            await send(message)

        await self._app(scope, receive, safely)


def header(scope: Scope, wanted: bytes) -> str | None:
    """Return a request header (its first, should it come several times), `None` when it is not there."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)
