"""No request lasts for ever: not one whose body trickles in, not one that is worked on, none when the server stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recollect.api.errors import failure

log = logging.getLogger(__name__)

SLOWEST: Final = 16 * 1024
"""Bytes a second that earn a body more time: one that comes faster is never cut off."""


FAREWELL: Final = 1.5
"""Seconds that live streams have to end by themselves when the server stops."""


class Phase(Enum):
    """What a request is doing: its body is waited for, it is worked on, or it is listening to live events."""

    READING = auto()
    WORKING = auto()
    LIVE = auto()


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: how long a body may keep the server waiting, and how long an answer may take to go on."""

    body: float
    request: float


UNHURRIED: Final = {"/api/import": 86_400.0}
"""Seconds for what takes as long as what was sent is large."""


class Drain:
    """The requests under way, so that all can be brought to an end when the server stops."""

    def __init__(self) -> None:
        self._running: set[Run] = set()
        self._told: list[Callable[[], None]] = []

    def tell(self, listener: Callable[[], None]) -> None:
        """Call this when the server begins to stop."""
        self._told.append(listener)

    @property
    def running(self) -> int:
        """How many requests are under way."""
        return len(self._running)

    def joined(self, run: Run) -> None:
        """Know of a request."""
        self._running.add(run)

    def left(self, run: Run) -> None:
        """Forget a request that is over."""
        self._running.discard(run)

    def stop(self, grace: float) -> None:
        """Have everything end: half-sent requests now, live streams soon, all else in `grace` seconds."""
        for listener in self._told:
            listener()
        for run in self._running:
            run.stop(grace)


class Run:
    """One request under its deadline."""

    def __init__(self, patience: Patience, timer: asyncio.Timeout, receive: Receive, send: Send) -> None:
        self._patience = patience
        self._timer = timer
        self._receive = receive
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._waited = 0.0
        self._received = 0
        self._whole = False
        self.phase = Phase.WORKING
        self.started = False
        self.stopping = False

    async def receive(self) -> Message:
        """Wait for the next part of the body, no longer than what is left of the time for it."""
        if self._whole:
            return await self._receive()
        begun = self._loop.time()
        allowed = self._patience.body + self._received / SLOWEST - self._waited
        self._enter(Phase.READING, begun + allowed)
        message = await self._receive()
        now = self._loop.time()
        self._waited += now - begun
        self._received += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        self._enter(Phase.WORKING, now + self._patience.request)
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer; each part earns the next one its time, and live events have all they want."""
        if message["type"] == "http.response.start":
            self.started = True
            if _is_live(message.get("headers", ())):
                self._enter(Phase.LIVE, None)
        await self._send(message)
        if self.phase is Phase.WORKING and message.get("more_body", False):
            self._enter(Phase.WORKING, self._loop.time() + self._patience.request)

    def stop(self, grace: float) -> None:
        """Come to an end."""
        self.stopping = True
        left = {Phase.READING: 0.0, Phase.WORKING: grace, Phase.LIVE: min(grace, FAREWELL)}[self.phase]
        due = self._timer.when()
        end = self._loop.time() + left
        self._set(end if due is None else min(end, due))

    def _enter(self, phase: Phase, end: float | None) -> None:
        self.phase = phase
        if not self.stopping:
            self._set(end)
        elif phase is Phase.READING:
            self._set(self._loop.time())

    def _set(self, end: float | None) -> None:
        if not self._timer.expired():
            self._timer.reschedule(end)


class Deadline:
    """Gives each request its time, and an answer when it is over."""

    def __init__(self, app: ASGIApp, patience: Patience, drain: Drain) -> None:
        self._app = app
        self._patience = patience
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request in time: 408 when its body does not come, 504 when the answer does not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        patience = Patience(self._patience.body, UNHURRIED.get(scope["path"], self._patience.request))
        timer = asyncio.timeout(patience.request)
        run = Run(patience, timer, receive, send)
        self._drain.joined(run)
        try:
            async with timer:
                await self._app(scope, run.receive, run.send)
        except TimeoutError:
            if not timer.expired():
                raise
            await _cut(run, scope, receive, send)
        finally:
            self._drain.left(run)


async def _cut(run: Run, scope: Scope, receive: Receive, send: Send) -> None:
    if not run.started:
        await _too_late(run)(scope, receive, send)
    elif run.phase is Phase.LIVE:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    else:
        log.warning("An answer was cut off: %s", "the server stops" if run.stopping else "it took too long")


def _too_late(run: Run) -> JSONResponse:
    close = {"connection": "close"}
    if run.stopping:
        return failure(
            503, "stopping", "The server is stopping", "Try again in a few seconds.", {"retry-after": "5", **close}
        )
    if run.phase is Phase.READING:
        return failure(408, "too_slow", "The request came too slowly", "Send its body without pauses.", close)
    return failure(504, "timed_out", "The request took too long", "Ask for less, or later.", close)


def _is_live(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers)
