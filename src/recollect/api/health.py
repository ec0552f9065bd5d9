"""`/health`: whether the server works, part by part, told to anyone and so without names, paths or texts."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import JSONResponse, Response

from recollect.errors import RecollectError
from recollect.library import AsyncMemory
from recollect.models import JobState
from recollect.ports import Local
from recollect.version import __version__

router = APIRouter(tags=["seen from outside"])

FRESH: Final = 1.0
"""Seconds for which an answer is good: nobody is asked for a token here, so asking must cost next to nothing."""
PATIENCE: Final = 3.0
"""Seconds a part has to answer."""
LOW, NEEDED = 2 << 30, 200 << 20
"""Bytes of free disk below which the doctor warns too, and below which writes are about to fail."""


class Status(StrEnum):
    """How a part, or the whole, is: `degraded` works but not as well as it should."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    STARTING = "starting"


Part = tuple[Status, dict[str, Any]]
ORDER: Final = list(Status)
EXAMPLE: Final = {
    "status": "healthy",
    "timestamp": 1704110400.123,
    "version": __version__,
    "uptime_seconds": 12.5,
    "components": {
        "store": {"status": "healthy", "latency_ms": 0.4},
        "worker": {"status": "healthy", "latency_ms": 0.3, "running": True, "waiting": 0, "parked": 0},
        "embedder": {"status": "healthy", "latency_ms": 0.1, "weights": "loaded"},
        "disk": {"status": "healthy", "latency_ms": 0.0, "free_mb": 51200},
    },
}


class Health:
    """Looks at every part, at most once a second however often it is asked."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self._parts: Mapping[str, dict[str, Any]] = {}
        self._until = 0.0
        self._looking = asyncio.Lock()

    async def parts(self, memory: AsyncMemory) -> Mapping[str, dict[str, Any]]:
        """Return each part's status, the milliseconds it took to ask, and what is to be told about it."""
        async with self._looking:
            if time.monotonic() >= self._until:
                checks = {"store": _store, "worker": _worker, "embedder": _embedder, "disk": _disk}
                found = await asyncio.gather(*(_asked(check, memory) for check in checks.values()))
                self._parts = dict(zip(checks, found, strict=True))
                self._until = time.monotonic() + FRESH
            return self._parts


def install(app: FastAPI) -> None:
    """Let an application tell how it is."""
    app.state.health = Health()


@router.get(
    "/health",
    summary="How the server is",
    response_class=JSONResponse,
    responses={
        200: {
            "description": "It works, if `degraded` with less than it could",
            "content": {"application/json": {"example": EXAMPLE}},
        },
        503: {"description": "It is starting, or the store or the disk fails"},
    },
)
async def health(request: Request) -> Response:
    """Tell how the server is, and each of its parts."""
    app = request.app
    known: Health = app.state.health
    parts = await known.parts(app.state.memory) if _ready(app) else {}
    status = _worst(Status(part["status"]) for part in parts.values()) if parts else Status.STARTING
    body = {
        "status": status,
        "timestamp": time.time(),
        "version": __version__,
        "uptime_seconds": round(time.monotonic() - getattr(app.state, "started", known.started), 3),
        "components": parts,
    }
    return _answer(body, well=status in {Status.HEALTHY, Status.DEGRADED})


@router.get("/health/live", summary="Whether the process answers", response_class=JSONResponse)
async def live() -> Response:
    """Answer, always: a server that does not should be started anew."""
    return JSONResponse({"status": "alive"})


@router.get(
    "/health/ready",
    summary="Whether the server can be sent requests",
    response_class=JSONResponse,
    responses={503: {"description": "Not yet, or not now"}},
)
async def ready(request: Request) -> Response:
    """Tell whether the server has started and its store answers."""
    app = request.app
    if not _ready(app):
        return _answer({"status": "starting"}, well=False)
    parts = await app.state.health.parts(app.state.memory)
    well = parts["store"]["status"] != Status.UNHEALTHY
    return _answer({"status": "ready" if well else "unhealthy"}, well=well)


def _ready(app: FastAPI) -> bool:
    return getattr(app.state, "memory", None) is not None and getattr(app.state, "ready", True)


def _answer(body: dict[str, Any], *, well: bool) -> Response:
    return JSONResponse(body, 200 if well else 503, headers={"Cache-Control": "no-store"})


def _worst(found: Iterable[Status]) -> Status:
    return max(found, key=ORDER.index)


async def _asked(check: Callable[[AsyncMemory], Awaitable[Part]], memory: AsyncMemory) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            status, more = await check(memory)
    except TimeoutError:
        status, more = Status.UNHEALTHY, {"error": "no_answer"}
    except (RecollectError, OSError, RuntimeError) as error:  # RuntimeError: its threads are gone, it is being closed
        status, more = Status.UNHEALTHY, {"error": error.code if isinstance(error, RecollectError) else "failed"}
    return {"status": status, "latency_ms": round((time.perf_counter() - began) * 1000, 3), **more}


async def _store(memory: AsyncMemory) -> Part:
    await memory.app.engine.stores.records.head()
    return Status.HEALTHY, {}


async def _worker(memory: AsyncMemory) -> Part:
    """Tell of the worker and its queue: parked jobs wait for somebody to look at them."""
    counts = await memory.app.engine.stores.queue.count()
    parked = sum(number for (_, state), number in counts.items() if state is JobState.PARKED)
    running = memory.app.worker.running
    status = Status.HEALTHY if running and not parked else Status.DEGRADED
    return status, {"running": running, "waiting": sum(counts.values()) - parked, "parked": parked}


async def _embedder(memory: AsyncMemory) -> Part:
    """Tell whether questions are searched by meaning; without an embedder they are by words."""
    embed = memory.app.engine.embed
    if embed.model == "none":
        return Status.DEGRADED, {"weights": "none", "search": "words"}
    weights = embed.weights() if isinstance(embed, Local) else "remote"
    well = weights != "missing" and memory.app.embedding.answering
    return (Status.HEALTHY if well else Status.DEGRADED), {
        "weights": weights,
        "search": "hybrid" if well else "words",
    }


async def _disk(memory: AsyncMemory) -> Part:
    free = (await asyncio.to_thread(shutil.disk_usage, memory.app.settings.home)).free
    status = Status.UNHEALTHY if free < NEEDED else Status.DEGRADED if free < LOW else Status.HEALTHY
    return status, {"free_mb": free >> 20}
