"""`/api/conversations`: what was talked about, and the turns of each conversation."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.pages import page
from recollect.api.schema.conversation import Conversations, ConversationTurns
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Cursor, Identifier, Limit
from recollect.errors import NotFound
from recollect.models import Conversation, Kind, Reach
from recollect.ops.shape import memory_of, time_of

router = APIRouter(prefix="/api/conversations", tags=["conversations"], responses=FAILURES)


@router.get("", response_model=Conversations, summary="List conversations")
async def conversations(
    memory: Library,
    user_id: Annotated[Identifier | None, Query()] = None,
    project_id: Annotated[Identifier | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 50,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Response:
    """Return a page of conversations, the latest first."""
    reach = await memory.reading(user_id, project_id)
    found, following = await page(lambda count: memory.app.engine.conversations(reach, limit=count), limit, cursor)
    return Json({"conversations": [_shape(item) for item in found], "next_cursor": following})


@router.get("/{conversation_id:path}", response_model=ConversationTurns, summary="Read a conversation")
async def turns(
    conversation_id: Annotated[Identifier, Path()],
    memory: Library,
    user_id: Annotated[Identifier | None, Query()] = None,
    project_id: Annotated[Identifier | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 100,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Response:
    """Return a conversation and a page of its turns, in order.

    Several users or projects may have one of that name: of those in reach it is the latest.
    """
    engine = memory.app.engine
    named = await engine.conversations(await memory.reading(user_id, project_id, conversation_id), limit=1)
    if not named:
        raise NotFound(f"There is no conversation {conversation_id}", hint="Name its user_id or project_id.")
    reach = Reach(named[0].user_id, named[0].project_id, conversation_id)
    kinds = (Kind.TURN, Kind.OBSERVATION)
    found = await engine.list(reach, kinds=kinds, limit=limit, cursor=cursor, newest=False)
    told = [memory_of(item) for item in found.memories]
    return Json({"conversation": _shape(named[0]), "turns": told, "next_cursor": found.cursor})


def _shape(item: Conversation) -> dict[str, Any]:
    return {
        "id": item.id,
        "user_id": item.user_id,
        "project_id": item.project_id,
        "turns": item.turns,
        "started_at": time_of(item.started_at),
        "ended_at": time_of(item.ended_at),
        "title": item.title,
        "summary": item.summary,
    }
