"""Puts the routes, the error table and the guards together into one application."""

from __future__ import annotations

import time

from fastapi import APIRouter, FastAPI

from recollect.api import docs, errors, hooks, routes, viewer
from recollect.api.guard.deadline import Drain
from recollect.api.guard.guards import Door, guards
from recollect.api.live import events
from recollect.api.mem0 import hosted, oss
from recollect.api.session import Sessions
from recollect.api.watch import health, metrics
from recollect.library import AsyncMemory
from recollect.settings import Settings
from recollect.version import __version__

ROUTERS: tuple[APIRouter, ...] = (
    *routes.ROUTERS,
    hooks.router,
    health.router,
    metrics.router,
    events.router,
    docs.router,
    viewer.router,
    hosted.router,
    oss.router,
)
"""Every router of this edge, in the order they are asked."""


def create_app(memory: AsyncMemory | None, settings: Settings, *, door: Door | None = None) -> FastAPI:
    """Return the application over an open library; whoever opened it closes it.

    `door` says who is let in. Without one everybody is: right for tests, and behind guards of one's own. A server that
    is still starting hands in no library; it sets `app.state.memory` and `app.state.ready` when it is there.
    """
    drain = Drain()
    app = FastAPI(
        title="recollect",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        middleware=guards(settings.server, drain, door),
        # FastAPI's own, with query strings and errors in it, is sent where the environment says so: never here.
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )
    app.state.memory = memory
    app.state.settings = settings
    app.state.ready = memory is not None
    app.state.started = time.monotonic()
    app.state.instance = ""
    app.state.drain = drain
    app.state.auth = door is not None and door.auth
    app.state.sessions = Sessions() if door is None else Sessions(door.key)
    for part in (health, metrics, events, routes.retention):
        part.install(app)
    errors.install(app)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)  # `include_router` makes every route anew, and each request slower
    docs.described(app, secured=door is not None and door.auth)
    return app
