"""One connection, bounded: how many there are, how long and how large headers may be, how long a client may not read.

uvicorn bounds none of these with the fast parser, and no ASGI application sees a request before its headers are whole.
"""

from __future__ import annotations

import asyncio
import json
from asyncio.events import TimerHandle
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_BYTES: Final = 64 * 1024

_CODES: Final = {400: "invalid_input", 408: "too_slow", 431: "too_large", 503: "busy"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Most connections at once; seconds in which headers must have come, and in which what was sent must be read.

    A connection that is cut because its client does not read frees what is buffered for it.
    """

    connections: int
    header_seconds: float
    unread_seconds: float = 30.0


class Connection(HttpToolsProtocol):
    """A connection that is closed when its client is too slow or sends too much before there is a request."""

    limits: Limits
    _waiting: TimerHandle | None = None
    _unread: TimerHandle | None = None
    _in_headers = True
    _header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Accept a connection, unless there are too many."""
        super().connection_made(transport)
        self._expect_headers()
        if len(self.connections) > self.limits.connections:
            self._refuse(503, "Too many connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timers."""
        for timer in (self._waiting, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, as long as the headers are not too large."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > HEADER_BYTES and not self.transport.is_closing():
                self._refuse(431, "The headers are too large")

    def on_message_begin(self) -> None:
        """Expect the headers of the next request in time."""
        super().on_message_begin()
        self._expect_headers()

    def on_headers_complete(self) -> None:
        """Hand the request over: the application bounds the rest."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        self._in_headers, self._header_bytes = False, 0
        super().on_headers_complete()

    def pause_writing(self) -> None:
        """Give a client that does not read its time."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.limits.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP in the form of all failures."""
        self._refuse(400, msg.rstrip("."))

    def _expect_headers(self) -> None:
        self._in_headers = True
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.limits.header_seconds, self._too_slow)

    def _too_slow(self) -> None:
        if self._header_bytes:
            self._refuse(408, "The headers came too slowly")
        else:
            self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        error = {"code": _CODES[status], "message": message, "hint": ""}
        body = json.dumps({"success": False, "error": error, "detail": message}).encode()
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nretry-after: 1\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


def limited(limits: Limits) -> type[Connection]:
    """Return the class of connections that keep to these limits."""
    made: dict[str, Any] = {"limits": limits}
    return type("LimitedConnection", (Connection,), made)
