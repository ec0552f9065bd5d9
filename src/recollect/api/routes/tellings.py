"""What assistants were told: in a conversation, and how often a memory."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json, enveloped
from recollect.api.pages import after, before
from recollect.api.routes.conversations import turns
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Cursor, Identifier, Limit
from recollect.api.schema.memory import Envelope
from recollect.api.schema.telling import MemoryUsage, Tellings
from recollect.ops.telling_shape import telling_of, usage_of

router = APIRouter(prefix="/api", responses=FAILURES)


@router.get(
    "/conversations/{conversation_id:path}/tellings",
    response_model=Tellings,
    tags=["conversations"],
    summary="List what assistants were told in a conversation",
)
async def tellings(
    conversation_id: Annotated[Identifier, Path()],
    memory: Library,
    request: Request,
    user_id: Annotated[Identifier | None, Query()] = None,
    project_id: Annotated[Identifier | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 100,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Response:
    """Return a page of the contexts that assistants were handed in a conversation, in order: ids and tokens, no text.

    They are kept for `agents.keep_told_days`. A conversation whose own id ends in `/tellings` is read by writing that
    slash as `%2F`.
    """
    if _is_of_the_name(request):
        return await turns(f"{conversation_id}/tellings", memory, user_id, project_id, limit, cursor)
    _, found = await memory.tellings(
        conversation_id, user_id=user_id, project_id=project_id, limit=limit, beyond=after(cursor) or 0
    )
    return Json(
        {"tellings": [telling_of(one) for one in found], "next_cursor": before(found, limit, lambda one: one.id)}
    )


@router.get(
    "/memory/{memory_id:uuid}/usage",
    response_model=Envelope[MemoryUsage],
    tags=["memory"],
    summary="Count how often assistants were told a memory",
)
async def usage(memory_id: UUID, memory: Library, request: Request) -> Response:
    """Return how often a memory was told, when last and in which conversations, for as long as that is kept."""
    name = str(memory_id)
    return enveloped(request, "counted", usage_of(name, await memory.uses(name)))


def _is_of_the_name(request: Request) -> bool:
    """Whether the end of the path belongs to the conversation's id: its slash is written as part of a name."""
    return bytes(request.scope.get("raw_path") or b"").lower().endswith(b"%2ftellings")
