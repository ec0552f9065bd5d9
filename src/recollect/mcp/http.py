"""Any number of clients over streamable HTTP, as one ASGI application that another server puts under a path."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.transport_security import TransportSecuritySettings

from recollect.library import AsyncMemory
from recollect.mcp.desk import Desk
from recollect.mcp.server import Server
from recollect.models import Actor

Message = MutableMapping[str, Any]
Handler = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


@asynccontextmanager
async def handling(memory: AsyncMemory, *, body: int, actor_of: Callable[[Any], Actor]) -> AsyncIterator[Handler]:
    """Give an application that answers requests of both eras of the protocol; `body` bounds what one sends, in bytes.

    `actor_of` says who sent a request.

    No session is kept, so that clients of either era go on after a restart. Hosts, origins and tokens are looked at by
    whoever puts it under a path.
    """
    server = Server(Desk(memory, actor_of=actor_of))
    server.streamable_http_app(
        stateless_http=True,
        max_request_body_size=body,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    async with server.session_manager.run():
        yield server.session_manager.handle_request
