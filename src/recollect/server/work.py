"""A process that only works off jobs: `recollect worker`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from typing import Final, TextIO

import uvicorn
from fastapi import FastAPI

from recollect.api import errors
from recollect.api.guard.deadline import Drain
from recollect.api.guard.guards import Door, guards
from recollect.api.live import events
from recollect.api.watch import health, metrics
from recollect.errors import RecollectError
from recollect.library import AsyncMemory
from recollect.meters import Deed
from recollect.server import record
from recollect.server.listen import is_private, listen, room_for
from recollect.server.logs import logging_to
from recollect.server.moved import until_moved
from recollect.server.protocol import Limits, limited
from recollect.server.stage import come_up
from recollect.server.watchdog import watched
from recollect.settings import Settings
from recollect.stores.sql.database import prepare_home
from recollect.version import __version__

log = logging.getLogger(__name__)

LOOK: Final = 0.5
"""Seconds between looks at whether the worker still works."""
CONNECTIONS: Final = 64
"""Most that may ask a worker process how it is, at once."""
CLOSING: Final = 5.0

Say = Callable[[str], None]


def work(settings: Settings, say: Say, *, log_to: TextIO | None = None) -> None:
    """Work off jobs until SIGTERM or SIGINT; what is under way is finished then, the rest left to others.

    Raises ConfigError when the settings cannot be used, RecollectError when the store cannot be opened or the work ends
    by itself.
    """
    prepare_home(settings.home)
    # A worker works whatever servers do; a token is asked for, and made, only where there is something to ask at.
    port = settings.worker.port
    auth = settings.server.auth and port is not None
    server = settings.server.model_copy(update={"jobs": True, "host": settings.worker.host, "auth": auth})
    settings = settings.model_copy(update={"server": server})
    taken = None if port is None else listen(settings.worker.host, port)
    try:
        with logging_to(settings, stderr=log_to):
            asyncio.run(_Working(settings, taken, say).run())
    finally:
        if taken is not None:
            taken.close()


class _Working:
    """One run of a worker process."""

    def __init__(self, settings: Settings, taken: socket.socket | None, say: Say) -> None:
        self._settings, self._taken, self._say = settings, taken, say
        self._app = _app(settings, taken)
        self._memory: AsyncMemory | None = None
        self._done: Counter[str] = Counter()
        self._stopping = asyncio.Event()
        self._telling: _Telling | None = None

    async def run(self) -> None:
        """Run to the end."""
        beside = [asyncio.create_task(self._report(), name="recollect-report")]
        with _signals(self._stopping), watched(self._settings.worker.stuck):
            if self._taken is not None:
                self._telling = _Telling(self._app)
                beside.append(asyncio.create_task(self._telling.serve(sockets=[self._taken]), name="recollect-tell"))
            try:
                await self._work()
            finally:
                await self._close(beside)

    async def _work(self) -> None:
        coming = asyncio.create_task(come_up(self._app, self._settings, self._made, _nothing), name="recollect-start")
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({coming, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                coming.result()
                self._came_up()
                await self._until_stopped()
        finally:
            for task in (coming, stopping):
                task.cancel()
            await asyncio.gather(coming, stopping, return_exceptions=True)

    def _made(self, memory: AsyncMemory) -> None:
        self._memory = memory
        memory.app.meters.add(self._count)
        memory.app.meters.add(self._app.state.figures)

    def _came_up(self) -> None:
        where = f", tells how it is at {_url(self._taken)}" if self._taken is not None else ""
        self._say(f"recollect {__version__} works off jobs of {_store(self._settings)}{where}")

    async def _until_stopped(self) -> None:
        assert self._memory is not None  # noqa: S101 - it is made before this is reached
        moving = asyncio.create_task(until_moved(self._memory.app.database, self._settings), name="recollect-moved")
        try:
            while not self._stopping.is_set():
                if moving.done():
                    raise moving.result()
                if not self._memory.app.worker.running:
                    raise RecollectError("The worker ended by itself", hint="Its log says why.")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK):
                        await self._stopping.wait()
        finally:
            moving.cancel()

    def _count(self, deed: Deed) -> None:
        if deed.verb == "job":
            self._done[f"{deed.way} {'failed' if deed.failed else 'done'}"] += deed.count

    async def _report(self) -> None:
        """Write a line about what was done, now and then."""
        every = self._settings.worker.report
        while every:
            await asyncio.sleep(every)
            if self._memory is not None:
                await self._tell("Worked")

    async def _tell(self, what: str) -> None:
        assert self._memory is not None  # noqa: S101 - it is asked for before
        done, self._done = self._done, Counter()
        told: dict[str, object] = dict(done)
        with contextlib.suppress(RecollectError):
            told["waiting"] = await self._memory.app.engine.stores.queue.waiting()
        log.info(what, extra={"metadata": told})

    async def _close(self, beside: list[asyncio.Task[None]]) -> None:
        begun = time.monotonic()
        if self._memory is not None:
            log.info("Stopping: what is under way is finished")
            await self._memory.app.worker.finish(self._settings.worker.grace)
            await self._tell("Stopped")
        if self._telling is not None:
            self._telling.should_exit = True
            await asyncio.wait(beside[1:], timeout=CLOSING)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        if self._memory is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSING):
                    await self._memory.close()
        log.info("Closed after %.1f seconds", time.monotonic() - begun)


class _Telling(uvicorn.Server):
    """Answers `/health`, `/health/live`, `/health/ready` and `/metrics`; signals are the worker's own business."""

    def __init__(self, app: FastAPI) -> None:
        limits = Limits(room_for(CONNECTIONS), 10.0)
        super().__init__(
            uvicorn.Config(
                app,
                http=limited(limits),
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=2,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals alone."""
        yield


def _app(settings: Settings, taken: socket.socket | None) -> FastAPI:
    """Return the few routes of a worker process, behind the guards of a server."""
    wanted = settings.server
    auth = wanted.auth or (taken is not None and not is_private(taken))
    door = Door(settings.worker.host, auth=auth)
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=guards(wanted, Drain(), door),
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )
    app.state.memory, app.state.ready, app.state.started = None, False, time.monotonic()
    app.state.settings, app.state.auth = settings, auth
    app.state.instance, app.state.drain = record.new_instance(), Drain()
    for part in (health, metrics, events):
        part.install(app)
    errors.install(app)
    for router in (health.router, metrics.router):
        app.router.routes.extend(router.routes)
    return app


@contextlib.contextmanager
def _signals(stopping: asyncio.Event) -> Iterator[None]:
    """Set an event at SIGTERM and SIGINT while the block runs; whoever sends a second one does not wait."""
    loop = asyncio.get_running_loop()

    def stop(number: int, _frame: object) -> None:
        if stopping.is_set():
            signal.signal(number, before[signal.Signals(number)])
        loop.call_soon_threadsafe(stopping.set)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _nothing(_: AsyncMemory) -> None:
    """Have nothing done before the first request."""


def _store(settings: Settings) -> str:
    return str(settings.database) if settings.store.url is None else "the database of store.url"


def _url(taken: socket.socket) -> str:
    host, port = taken.getsockname()[:2]
    return f"http://{record.bracketed(record.reachable(host))}:{port}"
