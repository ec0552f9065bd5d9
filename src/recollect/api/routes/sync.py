"""`/api/sync`: what nodes exchange with this center. A node shows its own token, which opens nothing else."""

from __future__ import annotations

from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from recollect.access.access import ORIGIN
from recollect.api.envelope import Json
from recollect.api.guard.auth import shown
from recollect.api.guard.refusals import refusals_of
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.sync import Pushed
from recollect.errors import Denied
from recollect.library import AsyncMemory
from recollect.ops.sync import center
from recollect.ops.sync.center import Visit
from recollect.settings import ServerSettings

router = APIRouter(prefix="/api/sync", tags=["sync"], responses=FAILURES)

LINES: Final = "application/x-ndjson"
PAGE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "JSON lines, packed with gzip.", "content": {LINES: {"schema": {"type": "string"}}}}
}
UPLOAD: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"application/gzip": {"schema": {"type": "string"}}}}
}
MOST: Final = 2**62


async def _visit(
    request: Request,
    store: Annotated[str, Header(alias="X-Recollect-Store", max_length=128)] = "",
    head: Annotated[int, Query(ge=0, le=MOST, description="The last number of the node's own change log.")] = 0,
    projects: Annotated[str, Query(max_length=10_000, description="Projects the node wants, by pattern.")] = "*",
    model: Annotated[str, Query(max_length=200, description="Whose vectors it can use.")] = "",
) -> Visit:
    memory = cast("AsyncMemory", request.app.state.memory)
    ORIGIN.set(request.client.host if request.client else "unknown")
    try:
        node = await center.visitor(memory.app, shown(request.scope), store)
    except Denied:
        refusals_of(request.app).refused(ORIGIN.get())
        raise
    wished = tuple(part.strip() for part in projects.split(",") if part.strip())
    return Visit(node, store, head, wished or ("*",), model)


Visitor = Annotated[Visit, Depends(_visit)]
"""The node that asks; whoever is none is refused."""


@router.get("/changes", response_class=Response, responses=PAGE, summary="What changed, for a node")
async def changes(
    request: Request,
    visit: Visitor,
    after: Annotated[int, Query(ge=0, le=MOST, description="A place in the change log.")] = 0,
    limit: Annotated[int, Query(ge=0, le=1000, description="Changes of one page; 0: only head and end.")] = 500,
) -> Response:
    """Return a page of what changed after a place in the log, each memory once, as it is now.

    The last line tells the place to go on from (`next`) and the end of the log (`head`).
    """
    memory = cast("AsyncMemory", request.app.state.memory)
    page = await center.changes(memory.app, visit, after, limit, most=_most(request))
    return Response(page, media_type=LINES, headers={"content-encoding": "gzip", "cache-control": "no-store"})


@router.post("/push", response_model=Pushed, openapi_extra=UPLOAD, summary="What a node changed")
async def push(request: Request, visit: Visitor) -> Response:
    """Take over a page that a node sends, in one transaction; a page that is broken off is refused as a whole."""
    memory = cast("AsyncMemory", request.app.state.memory)
    return Json(await center.push(memory.app, visit, await request.body()))


def _most(request: Request) -> int:
    server: ServerSettings = request.app.state.settings.server
    return int(server.body_mb * (1 << 20))
