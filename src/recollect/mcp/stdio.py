"""One client over stdin and stdout: what `recollect mcp` runs."""

from __future__ import annotations

from recollect.library import AsyncMemory
from recollect.mcp.desk import Desk, Whose
from recollect.mcp.server import Server
from recollect.settings import Settings


async def serve(settings: Settings, usual: Whose, *, helped: bool) -> None:
    """Serve until stdin ends; nothing but the protocol goes to stdout.

    `helped` says that a server works off the jobs of this data directory, so that this process need not.
    """
    async with AsyncMemory(settings=settings, worker=not helped) as memory:
        await Server(Desk(memory, usual, helped)).run_stdio_async()
