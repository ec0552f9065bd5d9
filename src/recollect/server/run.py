"""One process that holds the port, the store and the worker, from the first signal to the last."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TextIO

import uvicorn
from fastapi import FastAPI

from recollect.api.app import create_app
from recollect.api.guard.guards import Door
from recollect.api.guard.refusals import note_refusals
from recollect.api.hooks import receive
from recollect.errors import ConfigError
from recollect.library import AsyncMemory
from recollect.ops.backup.schedule import Schedule, scheduled
from recollect.ops.sync.keeper import Keeper, keeps
from recollect.server import record, token
from recollect.server.life import Life
from recollect.server.listen import is_private, listen, room_for
from recollect.server.logs import logging_to
from recollect.server.mcp import Mcp
from recollect.server.protocol import Limits, limited
from recollect.server.record import Record
from recollect.server.session_key import session_key
from recollect.server.sign_outs import SignOuts
from recollect.server.spool import Spool
from recollect.server.stage import come_up
from recollect.server.telemetry import tracing
from recollect.settings import Settings, secret
from recollect.stores.sql.database import prepare_home
from recollect.version import __version__

log = logging.getLogger(__name__)

KEEP_ALIVE = 30
CLOSING = 3.0
"""Seconds for what uvicorn had to cancel, and then for the store, to end."""

CATCHING_UP = 2.0
"""Seconds a start takes for the events of hooks that waited, before it lets the first request in."""

Say = Callable[[str], None]


def serve(settings: Settings, say: Say, *, log_to: TextIO | None = None) -> None:
    """Serve until SIGTERM or SIGINT; `say` tells people what they should know, the log goes to its file and `log_to`.

    Raises ConfigError when the settings would let strangers in, RecollectError when the port is taken or the store
    cannot be opened.
    """
    wanted = settings.server
    prepare_home(settings.home)
    taken = listen(wanted.host, wanted.port)
    try:
        _check(taken, wanted.auth, wanted.host, wanted.origins)
        with logging_to(settings, stderr=log_to):
            serving = _Serving(settings, taken, say)
            with tracing(serving.app, settings.telemetry):
                serving.run()
    finally:
        taken.close()


def _check(taken: socket.socket, auth: bool, host: str, origins: tuple[str, ...]) -> None:
    if auth:
        return
    if not is_private(taken):
        raise ConfigError(
            f"Without tokens the server listens to this machine only, not on {host}",
            hint="Leave out --no-auth (the setting server.auth), or listen on 127.0.0.1.",
        )
    if "*" in origins:
        raise ConfigError(
            "Without tokens not every web page may call the server",
            hint="Name the origins in server.origins, or leave out --no-auth.",
        )


class _Serving:
    """One run of the server."""

    def __init__(self, settings: Settings, taken: socket.socket, say: Say) -> None:
        self._settings = settings
        self._taken = taken
        self._say = say
        self._memory: AsyncMemory | None = None
        self._failure: BaseException | None = None
        self._is_first = True
        self._beside: list[asyncio.Task[None]] = []
        self.app: FastAPI = create_app(None, settings, door=_door(settings))
        self._mcp = Mcp(settings)
        self._mcp.install(self.app)
        self._record = _record(settings.server.host, taken)
        self.app.state.instance = self._record.instance
        config = _config(self.app, settings)
        self._factory = config.get_loop_factory()
        self._life = Life(config, self.app.state.drain, settings.server.grace)

    def run(self) -> None:
        """Run to the end."""
        self._life.catch_signals()
        other = record.claim(self._settings.home, self._record)
        if other is not None:
            self._say(
                f"another server of this data directory runs at {other.url}; `stop` and `status` speak to that one"
            )
        self._is_first = other is None
        try:
            with asyncio.Runner(loop_factory=self._factory) as runner:
                runner.run(self._work())
        finally:
            record.withdraw(self._settings.home, self._record)
        if self._failure is not None:
            raise self._failure

    async def _work(self) -> None:
        coming = come_up(self.app, self._settings, self._made, self._catch_up)
        stage = asyncio.create_task(coming, name="recollect-start")
        stage.add_done_callback(self._came_up)
        try:
            await self._life.serve(sockets=[self._taken])
        finally:
            self.app.state.ready = False
            stage.cancel()
            await asyncio.wait({stage})
            await self._close()

    def _made(self, memory: AsyncMemory) -> None:
        self._memory = memory

    async def _catch_up(self, memory: AsyncMemory) -> None:
        """Take the events that hooks wrote down meanwhile, and go on doing so; one server of a directory does."""
        if self._is_first:
            spool = Spool(self._settings.home, partial(receive, memory))
            await spool.deliver(CATCHING_UP)
            self.app.state.spool = spool
            self._beside.append(asyncio.create_task(spool.run(), name="recollect-spool"))
            if scheduled(memory.app):
                self._beside.append(asyncio.create_task(Schedule(memory.app).run(), name="recollect-backup"))
        if keeps(memory.app):
            self._beside.append(asyncio.create_task(Keeper(memory.app).run(), name="recollect-sync"))

    def _came_up(self, stage: asyncio.Task[None]) -> None:
        if stage.cancelled():
            return
        self._failure = stage.exception()
        if self._failure is not None:
            self._life.should_exit = True
            return
        self._say(f"recollect {__version__} at {self._record.url}")
        self._say(_who_may(self._settings))

    async def _close(self) -> None:
        for task in self._beside:
            task.cancel()
            await asyncio.wait({task})
        left = self._life.server_state.tasks
        if left:
            await asyncio.wait(left, timeout=1.0)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await self._mcp.close()
                if self._memory is not None:
                    await note_refusals(self.app)
                    await self._memory.close()
        self._life.closed = True
        log.info("Stopped")


def _door(settings: Settings) -> Door:
    counts = secret(settings.redis.url) or None
    if not settings.server.auth:
        return Door(settings.server.host, auth=False, counts=counts)
    return Door(settings.server.host, key=session_key(settings.home), ended=SignOuts(settings.home), counts=counts)


def _who_may(settings: Settings) -> str:
    if settings.server.auth:
        return f"clients show the token in {token.path_of(settings.home)}"
    return "WARNING: --no-auth: every program and every user of this machine can read, change and delete all memories"


def _record(host: str, taken: socket.socket) -> Record:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Record(
        os.getpid(), record.birth(os.getpid()), host, taken.getsockname()[1], record.new_instance(), __version__, now
    )


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    wanted = settings.server
    limits = Limits(room_for(wanted.connections), wanted.header_timeout)
    return uvicorn.Config(
        app,
        http=limited(limits),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, round(wanted.grace)) + 1,
    )
