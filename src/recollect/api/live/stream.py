"""Server-sent events over one connection, which is given up as soon as its client is gone or cannot keep up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from recollect.api.live.hub import Batch, Follower, Hub
from recollect.api.live.told import Wanted
from recollect.errors import RecollectError
from recollect.library import AsyncMemory

log = logging.getLogger(__name__)

PIECE = 64 << 10
"""Bytes handed to the socket at once: what a client that stopped reading can keep in memory."""
STALL = 10.0
"""Seconds a client may leave one piece unread before it is cut off."""
FAREWELL = 1.0
"""Seconds for what is under way when it is over."""
RETRY = 1000
"""Milliseconds after which a browser reconnects."""


class EventStream(Response):
    """Follows the log from a place (`None`: now) until the client leaves or stops reading, or the server stops."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, memory: AsyncMemory, wanted: Wanted, place: int | None) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._hub, self._memory, self._wanted, self._place = hub, memory, wanted, place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream; returns without the end of the response when the client would not take it."""
        del scope
        async with self._hub.listen(self._memory, self._wanted, self._place) as follower:
            await self._follow(follower, receive, send)

    async def _follow(self, follower: Follower, receive: Receive, send: Send) -> None:
        over = follower.listener.over
        sending = asyncio.create_task(self._send(follower, send))
        watching = [asyncio.create_task(_gone(receive)), asyncio.create_task(over.wait())]
        try:
            await asyncio.wait([sending, *watching], return_when=asyncio.FIRST_COMPLETED)
            if over.is_set():
                await asyncio.wait([sending], timeout=FAREWELL)
        finally:
            for task in (sending, *watching):
                task.cancel()
            await asyncio.gather(sending, *watching, return_exceptions=True)
        if not sending.cancelled() and isinstance(error := sending.exception(), TimeoutError | RecollectError):
            log.warning("A listener was cut off: %s", type(error).__name__)

    async def _send(self, follower: Follower, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        # The id alone tells nobody anything, but a client that reconnects before the first event starts from here.
        await _body(send, b"retry: %d\nid: %d\n\n" % (RETRY, follower.place))
        while (batch := await follower.batch()) is not None:
            for piece in self._pieces(batch):
                await _body(send, piece)
        await _body(send, b"", more=False)

    def _pieces(self, batch: Batch) -> Iterator[bytes]:
        if not batch.events:
            yield b": still here\nid: %d\n\n" % batch.place
            return
        held: list[bytes] = []
        size = 0
        for event in batch.events:
            line = event.line(self._wanted)
            if held and size + len(line) > PIECE:
                yield b"".join(held)
                held, size = [], 0
            held.append(line)
            size += len(line)
        yield b"".join(held)


async def _body(send: Send, body: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(STALL):
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def _gone(receive: Receive) -> None:
    """Return when the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
