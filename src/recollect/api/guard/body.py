"""Takes what clients send, within bounds: how large one body is, how much all of them hold, how deep JSON is nested."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recollect.api.errors import failure
from recollect.api.guard.headers import header

STREAMED: Final = ("/api/import/",)
"""Routes that read their body piece by piece; all others are handed theirs whole."""

DEEPEST: Final = 64
"""Levels that JSON may be nested; metadata of memories is held to less."""

FREE: Final = 64 * 1024
"""Bytes of each body that do not count for what all of them may hold: small requests always get through."""

_CLOSE: Final = {"connection": "close"}
_BESIDES: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[^\[\]{}"]+', re.DOTALL)
"""All of a JSON text but its brackets."""

_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bytes: of one body, of one streamed body, of all bodies being held."""

    body: int
    streamed: int
    held: int


class _Refused(Exception):
    def __init__(self, answer: ASGIApp) -> None:
        super().__init__()
        self.answer = answer


class Body:
    """Hands routes a body that is whole and within bounds, or answers for them."""

    def __init__(self, app: ASGIApp, bounds: Bounds) -> None:
        self._app = app
        self._bounds = bounds
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body of a request, if it has one."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        streamed = f"{scope['path']}/".startswith(STREAMED)
        most = self._bounds.streamed if streamed else self._bounds.body
        length = header(scope, b"content-length")
        if length is None and header(scope, b"transfer-encoding") is None:
            await self._app(scope, receive, send)
        elif length is not None and not _is_number(length):
            answer = failure(400, "invalid_input", "Content-Length is no number", "", _CLOSE)
            await answer(scope, receive, send)
        elif length is not None and int(length) > most:
            await too_large(most)(scope, receive, send)
        elif streamed:
            await self._app(scope, _Counted(receive, most), send)
        else:
            await self._whole(scope, receive, send, most)

    async def _whole(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        share = _Share(self)
        try:
            body = await self._read(receive, most, share)
            if body is None:
                return
            deep = "json" in (header(scope, b"content-type") or "json") and too_deep(body)
            await (_deep() if deep else self._app)(scope, _Replay(body, receive), send)
        except _Refused as refused:
            await refused.answer(scope, receive, send)
        finally:
            share.release()

    async def _read(self, receive: Receive, most: int, share: _Share) -> bytes | None:
        """Return the body; `None` when the client went away before it was whole."""
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            only: bytes = message.get("body", b"")
            if len(only) > most:
                raise _Refused(too_large(most))
            return only
        parts, size = [], 0
        while message["type"] == "http.request":
            part: bytes = message.get("body", b"")
            parts.append(part)
            size += len(part)
            if size > most:
                raise _Refused(too_large(most))
            if not share.grow(size):
                raise _Refused(_busy())
            if not message.get("more_body", False):
                return b"".join(parts)
            message = await receive()
        return None

    def take(self, count: int) -> bool:
        """Take room for so many bytes; `False` when there is none."""
        if count > 0 and self._held + count > self._bounds.held:
            return False
        self._held += count
        return True


class _Share:
    """What one body takes of the room that all of them have."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._mine = 0

    def grow(self, size: int) -> bool:
        wanted = max(0, size - FREE) - self._mine
        if not self._body.take(wanted):
            return False
        self._mine += wanted
        return True

    def release(self) -> None:
        self._body.take(-self._mine)
        self._mine = 0


class _Replay:
    """Gives a body that was read already once more; then whatever else comes."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


class _Counted:
    """Passes a body on piece by piece, and breaks off when it becomes too large."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._size = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > self._most:
            raise HTTPException(413, _said(self._most), headers=dict(_CLOSE))
        return message


def too_deep(body: bytes, deepest: int = DEEPEST) -> bool:
    """Whether JSON is nested deeper than allowed. Text that is no JSON may be called so too."""
    if body.count(b"[") + body.count(b"{") <= deepest:
        return False
    left = _BESIDES.sub(b"", body).translate(_ONE_KIND)
    for _ in range(deepest):
        left = left.replace(b"[]", b"")  # what is innermost goes
        if not left:
            return False
    return True


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


def _said(most: int) -> str:
    return f"The body is larger than {most / (1 << 20):g} MB"


def too_large(most: int) -> ASGIApp:
    """Return the answer to a body that is larger than `most` bytes."""
    return failure(413, "too_large", _said(most), "Send it in parts, or raise server.body_mb.", _CLOSE)


def _deep() -> ASGIApp:
    return failure(400, "invalid_input", f"The JSON is broken, or nested deeper than {DEEPEST} levels", "Flatten it.")


def _busy() -> ASGIApp:
    return failure(
        503, "busy", "Too much is being sent at once", "Try again in a second.", {"retry-after": "1", **_CLOSE}
    )
