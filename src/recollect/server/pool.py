"""`recollect serve --workers N`: one process that holds the port and the data directory's file, and N that serve.

The one that holds them opens no store and answers nobody. A process that dies is started anew; while it is gone the
others answer, and no connection that waits at the port is lost with it.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, TextIO

from recollect.api.watch.summed import cleared
from recollect.errors import ConfigError, RecollectError, StoreMoved
from recollect.server import record
from recollect.server.background import COMMAND
from recollect.server.exit_code import MOVED
from recollect.server.listen import listen
from recollect.server.logs import logging_to
from recollect.server.record import Record, record_of
from recollect.server.share import READY, Share
from recollect.settings import Settings
from recollect.stores.sql.database import prepare_home
from recollect.version import __version__

log = logging.getLogger(__name__)

FIRST, LONGEST = 0.1, 10.0
"""Seconds until a process that died is started anew: at first, and at most."""
SETTLED: Final = 10.0
"""Seconds after which one that ran so long counts as sound again."""
HOPELESS: Final = 3
"""Starts in a row that never became ready, after which the server gives up."""
WITHIN: Final = 10.5
"""Seconds the processes have to end; each ends itself after nine."""
MISUSED: Final = 2
"""The exit code of one that cannot use its settings: another start would not either."""

Say = Callable[[str], None]


def serve_many(settings: Settings, say: Say, arguments: Sequence[str], *, log_to: TextIO | None = None) -> None:
    """Serve with `server.workers` processes until SIGTERM or SIGINT; `arguments` are those of `serve` for each.

    Raises ConfigError where it cannot be done, RecollectError when the port is taken or no process becomes ready.
    """
    if sys.platform == "win32":
        raise ConfigError("Several processes cannot share a port on Windows", hint="Leave out --workers.")
    prepare_home(settings.home)
    taken = listen(settings.server.host, settings.server.port)
    try:
        with logging_to(settings, stderr=log_to):
            mine = record_of(settings.server.host, taken)
            other = record.claim(settings.home, mine)
            if other is not None:
                say(f"another server of this data directory runs at {other.url}; `stop` and `status` speak to that one")
            cleared(settings.home)
            try:
                asyncio.run(_Pool(settings.server.workers, taken, mine, arguments, say).run())
            finally:
                record.withdraw(settings.home, mine)
    finally:
        taken.close()


class _Pool:
    """The processes of one run."""

    def __init__(self, count: int, taken: socket.socket, mine: Record, arguments: Sequence[str], say: Say) -> None:
        self._count, self._taken, self._mine, self._say = count, taken, mine, say
        self._arguments = arguments
        self._stopping = asyncio.Event()
        self._failure: RecollectError | None = None
        self._is_ready = False

    async def run(self) -> None:
        """Run to the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        keeping = [asyncio.create_task(self._keep(number + 1)) for number in range(self._count)]
        await asyncio.gather(*keeping)
        log.info("Stopped")
        if self._failure is not None:
            raise self._failure

    async def _keep(self, number: int) -> None:
        """Keep one process running until the server stops."""
        pause, hopeless = FIRST, 0
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            begun = loop.time()
            code, was_ready = await self._one(number)
            if self._stopping.is_set():
                return
            if code == MOVED:  # this process too: it was given settings of the store that was left
                self._failure = StoreMoved("The store was moved", hint="Start the server again.")
                self._stopping.set()
                return
            hopeless = 0 if was_ready else hopeless + 1
            if hopeless >= HOPELESS or (code == MISUSED and not self._is_ready):
                self._give_up(code)
                return
            pause = FIRST if loop.time() - begun > SETTLED else min(2 * pause, LONGEST)
            log.error("Process %d of %d ended (%d) and is started anew", number, self._count, code)
            await self._rest(pause)

    async def _one(self, number: int) -> tuple[int, bool]:
        """Run one process to its end; return its exit code, and whether it became ready."""
        own, line = socket.socketpair()
        with own:
            with line:
                child = await self._start(Share(number, self._taken.fileno(), line.fileno(), self._mine.instance))
            readiness = asyncio.create_task(self._ready(own))
            ending = asyncio.create_task(self._end(child))
            try:
                code = await child.wait()
            finally:
                readiness.cancel()
                ending.cancel()
                done = await asyncio.gather(readiness, ending, return_exceptions=True)
            return code, done[0] is True

    async def _start(self, share: Share) -> Process:
        command = [sys.executable, "-P", "-c", COMMAND, "serve", *self._arguments, "--share", share.written()]
        files = (share.port, share.line)
        # Ctrl-C goes to the whole group of a terminal: this process alone passes it on.
        return await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, pass_fds=files, process_group=0)

    async def _ready(self, own: socket.socket) -> bool:
        """Wait until a process says that it is ready; the first one is told of."""
        own.setblocking(False)
        found = await asyncio.get_running_loop().sock_recv(own, 1)
        if found != READY:
            return False
        if not self._is_ready:
            self._is_ready = True
            self._say(f"recollect {__version__} at {self._mine.url}, {self._count} processes")
        return True

    async def _end(self, child: Process) -> None:
        """Pass the end on; who does not end in time is killed."""
        await self._stopping.wait()
        with suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
            await asyncio.sleep(WITHIN)
            log.error("Process %d did not end and is killed; nothing acknowledged is lost", child.pid)
            child.kill()

    def _give_up(self, code: int) -> None:
        kind = ConfigError if code == MISUSED else RecollectError
        self._failure = kind(
            "The processes of the server do not start", hint="What stands above, or the log, says why."
        )
        self._stopping.set()

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
