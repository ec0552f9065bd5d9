"""`/mcp`: the MCP edge under the guards of this server, loaded when the first client asks for it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from importlib import import_module
from typing import Final

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from recollect.api.deps import actor_of
from recollect.library import AsyncMemory
from recollect.settings import Settings

PATH: Final = "/mcp"
MEGABYTE: Final = 1 << 20


class Mcp:
    """The application under `/mcp`.

    The protocol's library takes half a second and tens of megabytes to load, which servers whose clients speak HTTP
    only never pay.
    """

    def __init__(self, settings: Settings) -> None:
        self._route = Route(PATH, endpoint=self, methods=["POST"], include_in_schema=False)
        self._body = int(settings.server.body_mb * MEGABYTE)
        self._opened: asyncio.Future[ASGIApp] | None = None
        self._holding: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def install(self, app: FastAPI) -> None:
        """Put it under its path: as a route, so that `POST /mcp` is answered and not sent on to `/mcp/`.

        No session is kept, so a stream of its own (GET) would tell nothing, and nothing is there to be ended (DELETE).
        """
        app.router.routes.append(self._route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        scope["route"] = self._route  # what the log and the metrics call it
        if self._opened is None:
            self._opened = asyncio.get_running_loop().create_future()
            self._holding = asyncio.create_task(self._hold(scope["app"].state.memory, self._opened))
        handler = await asyncio.shield(self._opened)  # whoever asks first may hang up: others wait too
        await handler(scope, receive, send)

    async def close(self) -> None:
        """Let go of the library; closing twice does nothing."""
        self._closing.set()
        if self._holding is not None:
            await asyncio.wait({self._holding})

    async def _hold(self, memory: AsyncMemory, opened: asyncio.Future[ASGIApp]) -> None:
        """Open it and keep it open, in one task: whoever enters a group of tasks must also leave it."""
        async with AsyncExitStack() as stack:
            try:
                edge = await asyncio.to_thread(import_module, "recollect.mcp.http")
                handler = await stack.enter_async_context(edge.handling(memory, body=self._body, actor_of=actor_of))
            except Exception as error:  # noqa: BLE001 - it is raised where it is awaited
                self._opened = None
                opened.set_exception(error)
                return
            opened.set_result(handler)
            await self._closing.wait()
