"""`GET /api/timeline`: what was said before and after."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from recollect.api import prefer
from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.schema.conversation import Timeline
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Identifier
from recollect.errors import NotFound
from recollect.library import AsyncMemory
from recollect.models import Memory

router = APIRouter(prefix="/api", tags=["conversations"], responses=FAILURES)


@router.get("/timeline", response_model=Timeline, summary="Read around a memory or a question")
async def timeline(
    memory: Library,
    request: Request,
    memory_id: Annotated[Identifier | None, Query(description="The memory to read around.")] = None,
    query: Annotated[str, Query(max_length=2000, description="Or a question: around what answers it best.")] = "",
    user_id: Annotated[Identifier | None, Query()] = None,
    project_id: Annotated[Identifier | None, Query()] = None,
    span: Annotated[int, Query(ge=0, le=500, description="Turns before and after.")] = 5,
) -> Response:
    """Return the turns around a memory in its conversation, in order; around the latest one where nothing is named."""
    anchor = await _anchor(memory, memory_id, query, user_id, project_id)
    around = [] if anchor is None else await memory.timeline(anchor, span=span)
    return Json({"anchor": anchor, "memories": [prefer.memory(request, item) for item in around]})


async def _anchor(
    memory: AsyncMemory, memory_id: str | None, query: str, user_id: str | None, project_id: str | None
) -> str | None:
    """Return the id of the memory to read around; raise NotFound for one outside of what is named."""
    if memory_id is None:
        hits = await memory.search(query, user_id=user_id, project_id=project_id, limit=1)
        return hits[0].memory.id if hits else None
    item = await memory.get(memory_id)
    if not _inside(item, user_id, project_id):
        raise NotFound(f"There is no memory {memory_id}", hint="Ids are shown by search, list and add.")
    return item.id


def _inside(item: Memory, user_id: str | None, project_id: str | None) -> bool:
    return user_id in {None, item.scope.user_id} and project_id in {None, item.scope.project_id}
