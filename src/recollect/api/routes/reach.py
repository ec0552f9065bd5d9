"""`/api/memory/list`, `/forget` and `/stats`: the verbs of the library that take any reach, not a user alone."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from recollect.api import prefer
from recollect.api.deps import Library
from recollect.api.envelope import enveloped
from recollect.api.idempotency import IdempotentRoute, documented
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.memory import CountRequest, Counts, Envelope, ForgetRequest, Forgotten, ListRequest, Paged
from recollect.ops.shape import stats_of

router = APIRouter(prefix="/api/memory", tags=["memory"], route_class=IdempotentRoute, responses=FAILURES)


@router.post("/list", response_model=Envelope[Paged], summary="List memories")
async def listed(asked: ListRequest, memory: Library, request: Request) -> Response:
    """Return a page of the memories of a user, project, conversation or agent, the newest first."""
    page = await memory.list(**asked.model_dump())
    found = [prefer.memory(request, item) for item in page.memories]
    return enveloped(request, "listed", {"memories": found, "next_cursor": page.cursor})


@router.post("/forget", response_model=Envelope[Forgotten], dependencies=[Depends(documented)], summary="Forget")
async def forget(asked: ForgetRequest, memory: Library, request: Request) -> Response:
    """Delete everything of the ids that are named; at least one is needed. With filters only what meets them."""
    return enveloped(request, "cleared", {"deleted": await memory.forget(**asked.model_dump())})


@router.post("/stats", response_model=Envelope[Counts], summary="Count memories")
async def stats(asked: CountRequest, memory: Library, request: Request) -> Response:
    """Count the memories of a user, project or conversation by kind, day, category and tier."""
    return enveloped(request, "counted", stats_of(await memory.stats(**asked.model_dump())))
