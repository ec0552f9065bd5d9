"""One client over stdin and stdout: what `recollect mcp` runs."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import Final

from recollect.library import AsyncMemory
from recollect.mcp.desk import Desk, Whose
from recollect.mcp.server import Server
from recollect.settings import Settings

CLOSING: Final = 2.0
"""Seconds the store has to close after a signal."""


async def serve(settings: Settings, usual: Whose, *, helped: bool) -> None:
    """Serve until stdin ends or a signal comes; nothing but the protocol goes to stdout.

    `helped` says that a server works off the jobs of this data directory, so that this process need not.
    """
    async with AsyncMemory(settings=settings, worker=not helped) as memory:
        ending = _Ending(memory)
        ending.listen()
        await Server(Desk(memory, usual, helped)).run_stdio_async()


class _Ending:
    """Ends the process at a signal: a thread that waits for stdin would hold up any other end."""

    def __init__(self, memory: AsyncMemory) -> None:
        self._memory = memory
        self._task: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Wait for signals, where the system has them."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, self._begin)

    def _begin(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._end())

    async def _end(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await self._memory.close()
        os._exit(0)
