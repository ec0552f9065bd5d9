"""Measures every request and writes one line about it; knows routes by their template, never by the path asked for."""

from __future__ import annotations

import logging
import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recollect.api.guard.headers import header
from recollect.api.watch.figures import Figures
from recollect.meters import Meter

log = logging.getLogger(__name__)

HOOK: Final = b"x-recollect-hook"
HOOK_MS: Final = b"x-recollect-hook-ms"
UNKNOWN: Final = "unmatched"
QUIET: Final = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})
"""Asked for every few seconds by monitors: told only at DEBUG."""
HUNG_UP: Final = 499
"""The status of a request whose client left before there was an answer, as nginx has it."""


class RequestLog:
    """Counts, times and logs requests; `app.state.figures` keeps the figures."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, measured."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        figures: Figures = scope["app"].state.figures
        attach(scope, figures)
        status, live = HUNG_UP, False

        async def noting(message: Message) -> None:
            nonlocal status, live
            if message["type"] == "http.response.start":
                status = message["status"]
                live = any(value.startswith(b"text/event-stream") for _, value in message.get("headers", ()))
            await send(message)

        figures.begun()
        began = time.perf_counter()
        try:
            await self._app(scope, receive, noting)
        except Exception:  # it goes on as it came; the line only has to say 500
            status = 500
            raise
        finally:
            took = (time.perf_counter() - began) * 1000
            route = route_of(scope)
            figures.answered(route, scope["method"], status, took, live=live)
            _told(scope["method"], route, status, took)
            _hook(scope, figures, took)


def route_of(scope: Scope) -> str:
    """Return the template of the route that answered, such as `/api/memory/{memory_id}`."""
    found = getattr(scope.get("route"), "path", None)
    return found if isinstance(found, str) else UNKNOWN


def attach(scope: Scope, meter: Meter) -> None:
    """Let the library tell a meter what it does, as soon as there is a library."""
    memory = getattr(scope["app"].state, "memory", None)
    if memory is not None:
        memory.app.meters.add(meter)


def _told(method: str, route: str, status: int, took: float) -> None:
    level = logging.DEBUG if route in QUIET else logging.INFO
    if log.isEnabledFor(level):
        known = {"method": method, "route": route, "status": status, "ms": round(took, 2)}
        log.log(level, "%s %s %d", method, route, status, extra={"metadata": known})


def _hook(scope: Scope, figures: Figures, took: float) -> None:
    """Note how long a hook took: what it says itself, or else the request it made."""
    name = header(scope, HOOK)
    if name is None:
        return
    said = header(scope, HOOK_MS)
    try:
        figures.hooked(name, took if said is None else float(said))
    except ValueError:
        figures.hooked(name, took)
