"""`/health`: whether the server works, part by part, told to anyone and so without names, paths or texts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import JSONResponse, Response

from recollect.library import AsyncMemory
from recollect.ops.health import Status, parts, worst
from recollect.version import __version__

router = APIRouter(tags=["seen from outside"])

FRESH: Final = 1.0
"""Seconds for which an answer is good: nobody is asked for a token here, so asking must cost next to nothing."""
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
                self._parts = await parts(memory)
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
    found = await known.parts(app.state.memory) if _ready(app) else {}
    status = worst(found.values()) if found else Status.STARTING
    body = {
        "status": status,
        "timestamp": time.time(),
        "version": __version__,
        "uptime_seconds": round(time.monotonic() - getattr(app.state, "started", known.started), 3),
        "components": found,
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
    found = await app.state.health.parts(app.state.memory)
    well = found["store"]["status"] != Status.UNHEALTHY
    return _answer({"status": "ready" if well else "unhealthy"}, well=well)


def _ready(app: FastAPI) -> bool:
    return getattr(app.state, "memory", None) is not None and getattr(app.state, "ready", True)


def _answer(body: dict[str, Any], *, well: bool) -> Response:
    return JSONResponse(body, 200 if well else 503, headers={"Cache-Control": "no-store"})
