"""One process that holds the port, the store and the worker, from the first signal to the last."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import TextIO

import uvicorn
from fastapi import FastAPI

from recollect.api.app import create_app
from recollect.api.guard.guards import Door
from recollect.api.guard.refusals import note_refusals
from recollect.api.hooks import receive
from recollect.api.watch.summed import Summed, folder_of
from recollect.app.shared import open_wake
from recollect.errors import ConfigError, StoreMoved
from recollect.library import AsyncMemory
from recollect.ops.backup.schedule import Schedule, scheduled
from recollect.ops.retention import schedule as retention
from recollect.ops.sync.keeper import Keeper, keeps
from recollect.server import record, token
from recollect.server.exit_code import MOVED
from recollect.server.life import Life
from recollect.server.listen import is_private, listen, room_for
from recollect.server.logs import logging_to
from recollect.server.mcp import Mcp
from recollect.server.moved import until_moved
from recollect.server.protocol import Limits, limited
from recollect.server.record import record_of
from recollect.server.session_key import session_key
from recollect.server.share import Share
from recollect.server.sign_outs import take_over
from recollect.server.spool import Spool
from recollect.server.stage import come_up
from recollect.server.telemetry import tracing
from recollect.server.watchdog import watched
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


def serve(settings: Settings, say: Say, *, log_to: TextIO | None = None, share: Share | None = None) -> None:
    """Serve until SIGTERM or SIGINT; `say` tells people what they should know, the log goes to its file and `log_to`.

    With a `share` this is one process of several (`pool`), which has its port from the one that started it.
    Raises ConfigError when the settings would let strangers in, RecollectError when the port is taken or the store
    cannot be opened.
    """
    wanted = settings.server
    prepare_home(settings.home)
    taken = listen(wanted.host, wanted.port) if share is None else share.taken()
    try:
        _check(taken, wanted.auth, wanted.host, wanted.origins)
        with logging_to(settings, stderr=log_to):
            serving = _Serving(settings, taken, say, share)
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

    def __init__(self, settings: Settings, taken: socket.socket, say: Say, share: Share | None) -> None:
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
        self._share = share
        if share is not None:
            self._summed = Summed(self.app.state.figures.registry, folder_of(settings.home), share.number)
            self.app.state.summed = self._summed
        self._record = record_of(settings.server.host, taken, None if share is None else share.instance)
        self.app.state.instance = self._record.instance
        config = _config(self.app, settings)
        self._factory = config.get_loop_factory()
        self._life = Life(config, self.app.state.drain, settings.server.grace)

    def run(self) -> None:
        """Run to the end."""
        self._life.catch_signals()
        if self._share is not None:
            self._is_first = self._share.is_first
            self._share.when_alone(lambda: signal.raise_signal(signal.SIGTERM))
            self._until_the_end()
            return
        other = record.claim(self._settings.home, self._record)
        if other is not None:
            self._say(
                f"another server of this data directory runs at {other.url}; `stop` and `status` speak to that one"
            )
        self._is_first = other is None
        try:
            self._until_the_end()
        finally:
            record.withdraw(self._settings.home, self._record)

    def _until_the_end(self) -> None:
        with asyncio.Runner(loop_factory=self._factory) as runner:
            runner.run(self._work())
        if self._failure is not None:
            raise self._failure

    async def _work(self) -> None:
        coming = come_up(self.app, self._settings, self._made, self._catch_up)
        stage = asyncio.create_task(coming, name="recollect-start")
        stage.add_done_callback(self._came_up)
        try:
            with watched(self._settings.worker.stuck if self._share is not None else 0):
                await self._life.serve(sockets=[self._taken])
        finally:
            self.app.state.ready = False
            stage.cancel()
            await asyncio.wait({stage})
            await self._close()

    def _made(self, memory: AsyncMemory) -> None:
        self._memory = memory
        memory.app.meters.add(self.app.state.figures)

    async def _leave_when_moved(self, memory: AsyncMemory) -> None:
        """End this process once its store was left: whoever watches over it starts it on the one that took over."""
        self._failure = await until_moved(memory.app.database, self._settings)
        self._life.leave(MOVED)

    async def _catch_up(self, memory: AsyncMemory) -> None:
        """Take the events that hooks wrote down meanwhile, and go on doing so; one server of a directory does."""
        if not self._settings.server.jobs:  # else the worker's start has seen to it
            memory.app.begin_forgetting()
        await take_over(self._settings.home, memory.app.tokens)
        spool = Spool(self._settings.home, partial(receive, memory))
        if self._is_first or self._share is not None:
            self.app.state.spool = spool  # of several processes one delivers; all let that go first
        if self._is_first:
            await spool.deliver(CATCHING_UP)
            self._beside.append(asyncio.create_task(spool.run(), name="recollect-spool"))
            if scheduled(memory.app):
                self._beside.append(asyncio.create_task(Schedule(memory.app).run(), name="recollect-backup"))
            if retention.scheduled(memory.app):
                keeping = retention.Schedule(memory.app).run()
                self._beside.append(asyncio.create_task(keeping, name="recollect-retention"))
        self._wake(memory)
        self._beside.append(asyncio.create_task(self._leave_when_moved(memory), name="recollect-moved"))
        if self._share is not None:
            self._beside.append(asyncio.create_task(self._summed.run(), name="recollect-figures"))
        if keeps(memory.app) and (self._is_first or self._share is None):
            self._beside.append(asyncio.create_task(Keeper(memory.app).run(), name="recollect-sync"))

    def _wake(self, memory: AsyncMemory) -> None:
        """Wake other processes over Redis, where there is one, and be woken by them."""

        def heard() -> None:
            self.app.state.hub.nudge()
            memory.app.worker.wake()

        wake = open_wake(self._settings, heard)
        if wake is not None:
            memory.app.meters.add(lambda deed: wake.wrote() if deed.verb == "write" else None)
            self._beside.append(asyncio.create_task(wake.run(), name="recollect-wake"))

    def _came_up(self, stage: asyncio.Task[None]) -> None:
        if stage.cancelled():
            return
        self._failure = stage.exception()
        if self._failure is not None:
            self._life.should_exit = True
            return
        if self._share is None:
            self._say(f"recollect {__version__} at {self._record.url}")
        if self._share is None or self._share.is_first:
            self._say(_who_may(self._settings))
        if self._share is not None:
            self._share.tell_ready()

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
                    with suppress(StoreMoved):  # it takes no notes any more
                        await note_refusals(self.app)
                    await self._memory.close()
        self._life.closed = True
        log.info("Stopped")


def _door(settings: Settings) -> Door:
    counts = secret(settings.redis.url) or None
    if not settings.server.auth:
        return Door(settings.server.host, auth=False, counts=counts)
    chosen = secret(settings.server.session_key)
    key = sha256(chosen.encode()).digest() if chosen else session_key(settings.home)
    return Door(settings.server.host, key=key, counts=counts)


def _who_may(settings: Settings) -> str:
    if settings.server.auth:
        return f"clients show the token in {token.path_of(settings.home)}"
    return "WARNING: --no-auth: every program and every user of this machine can read, change and delete all memories"


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
