"""Says 'not yet' while the server comes up."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recollect.api.errors import failure
from recollect.api.guard.open import INSTANCE, LIVE, OPEN, is_viewer


class Ready:
    """Answers 503 until `app.state.ready`, but for the health routes and the viewer's files."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through when there is something to answer it with."""
        if scope["type"] == "http" and scope["path"] == LIVE:
            await self._app(scope, receive, _proving(scope["app"].state.instance, send))
            return
        if scope["type"] != "http" or scope["path"] in OPEN or scope["app"].state.ready or is_viewer(scope):
            await self._app(scope, receive, send)
            return
        later = failure(503, "starting", "The server is starting", "Try again in a second.", {"retry-after": "1"})
        await later(scope, receive, send)


def _proving(instance: str, send: Send) -> Send:
    async def prove(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (INSTANCE.encode(), instance.encode())]
        await send(message)

    return prove
