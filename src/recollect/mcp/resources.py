"""`memory://{id}`: a memory as a resource, to be read or attached by whoever has its id."""

from __future__ import annotations

from typing import Final

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError

from recollect.errors import InvalidInput, NotFound, RecollectError
from recollect.mcp.desk import Call, Desk
from recollect.mcp.failure import told
from recollect.mcp.row import full
from recollect.text.tokens import cut

LARGEST: Final = 20_000
"""Tokens of a text that is read as a resource: whoever attaches it wants it whole, but clients cut at 25,000."""


class Resources:
    """Memories by address."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def offer(self, server: MCPServer[None]) -> None:
        """Add the resources to a server."""
        server.resource(
            "memory://{id}",
            name="memory",
            title="A memory",
            description="One memory in full, with when it was said and by whom. Ids are shown by search_memories.",
            mime_type="text/markdown",
        )(self.memory)

    async def memory(self, id: str, call: Call) -> str:  # noqa: A002 - the name in the template
        """Return a memory in full."""
        whose = self._desk.whose(call, None, None)
        try:
            item = await self._desk.find(call, id, whose.user_id)
        except (NotFound, InvalidInput) as error:
            raise ResourceNotFoundError(told(error)) from error
        except RecollectError as error:
            raise ResourceError(told(error)) from error
        return full(item, cut(item.text, LARGEST))
