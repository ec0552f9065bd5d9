"""How the process ends: what is under way is finished or told to come again, then everything is closed, in time."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from types import FrameType

import uvicorn

from recollect.api.guard.deadline import Drain

log = logging.getLogger(__name__)

LONGEST = 9.0
"""Seconds after a signal at which the process ends whatever still hangs; a store that is cut off is whole."""


class Life(uvicorn.Server):
    """A server that ends its requests before uvicorn would cancel them, and a process that surely ends."""

    def __init__(self, config: uvicorn.Config, drain: Drain, grace: float) -> None:
        super().__init__(config)
        self._code = 0
        self._drain = drain
        self._grace = grace
        self.closed = False

    def catch_signals(self) -> None:
        """Stop at SIGTERM and SIGINT also before uvicorn listens to them, and let none of them kill the process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)

    def leave(self, code: int) -> None:
        """Begin to stop without a signal; the process is to end with this code."""
        self._code = code
        self._surely_end()
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        self._surely_end()
        super().handle_exit(sig, frame)

    def _surely_end(self) -> None:
        if not self.should_exit:
            watchdog = threading.Timer(LONGEST, self._end)
            watchdog.daemon = True
            watchdog.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more, and bring what is under way to its end."""
        log.info("Stopping: %d requests are under way", self._drain.running)
        self._drain.stop(self._grace)
        await super().shutdown(sockets)

    def _end(self) -> None:
        if not self.closed:
            log.error("The server did not stop in time and ends now; nothing acknowledged is lost")
        os._exit(self._code if self.closed else self._code or 1)
