"""`GET /`: what this server is, for clients."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from recollect.api.envelope import Json
from recollect.api.schema.failure import FAILURES
from recollect.api.viewer import is_page_wanted, page
from recollect.version import __version__

router = APIRouter(tags=["service"], responses=FAILURES)


class Service(BaseModel):
    """The service and where to go from here."""

    name: str = Field(examples=["recollect"])
    message: str
    version: str
    docs: str
    openapi: str
    health: str
    metrics: str


@router.get("/", response_model=Service, summary="Say what this is")
async def root(request: Request) -> Response:
    """Return the name and version of the service, and its main paths; to browsers the viewer."""
    if is_page_wanted(request.headers.get("accept", "")):
        return page()
    return Json(
        {
            "name": "recollect",
            "message": "Long-term memory for AI assistants",
            "version": __version__,
            "docs": "/docs",
            "openapi": "/openapi.json",
            "health": "/health",
            "metrics": "/metrics",
        },
        headers={"vary": "Accept"},
    )
