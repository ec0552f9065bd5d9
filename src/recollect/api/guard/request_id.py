"""A name for every request, so that an answer, a log line and a complaint can be brought together."""

from __future__ import annotations

import re
import secrets
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = b"x-request-id"
_SOUND: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")

current: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request being answered; empty outside of one."""


class RequestId:
    """Takes the client's id where it is harmless, else makes one; every answer carries it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request under its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = _given(scope) or secrets.token_hex(8).encode()
        state_of(scope)["request_id"] = name.decode()

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER, name)]
            await send(message)

        token = current.set(name.decode())
        try:
            await self._app(scope, receive, named)
        finally:
            current.reset(token)


def _given(scope: Scope) -> bytes | None:
    for name, value in scope["headers"]:
        if name == HEADER:
            return value if _SOUND.fullmatch(value) else None
    return None


def state_of(scope: Scope) -> MutableMapping[str, Any]:
    """Return what routes read as `request.state`."""
    found: MutableMapping[str, Any] = scope.setdefault("state", {})
    return found
