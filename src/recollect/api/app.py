"""Puts the routes, the error table and the guards together into one application."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from recollect.api import errors
from recollect.library import AsyncMemory
from recollect.settings import Settings
from recollect.version import __version__

ROUTERS: tuple[APIRouter, ...] = ()
"""Every router of this edge, in the order they are asked."""


def create_app(memory: AsyncMemory, settings: Settings) -> FastAPI:
    """Return the application over an open library; whoever opened it closes it."""
    app = FastAPI(title="recollect", version=__version__)
    app.state.memory = memory
    app.state.settings = settings
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    return app
