"""`POST /api/context`: what is remembered about a question, as text for an assistant."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final

from fastapi import APIRouter, Header, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.schema.across import AcrossContext, AcrossContextRequest
from recollect.api.schema.capture import ContextAnswer, ContextRequest
from recollect.api.schema.failure import FAILURES
from recollect.models import Occasion
from recollect.ops.shape import context_of

router = APIRouter(prefix="/api", tags=["context"], responses=FAILURES)

VIEWER: Final = "viewer"
"""What the viewer calls itself: it shows people what an assistant would be told, and tells none."""

Client = Annotated[str, Header(alias="X-Recollect", include_in_schema=False)]


@router.post("/context", response_model=ContextAnswer, summary="Compose a context")
async def context(asked: ContextRequest, memory: Library, client: Client = "") -> Response:
    """Return memories about a question within a budget of tokens, with dates and sources."""
    given = asked.model_dump(exclude_unset=True)
    made = await memory.context(given.pop("query"), **given)
    if client != VIEWER:
        told = asked.model_dump(include={"user_id", "project_id", "conversation_id", "agent_id", "budget"})
        await memory.note_told(made, Occasion.REST, **told)
    return Json(context_of(made))


@router.post("/context/projects", response_model=AcrossContext, summary="Compose a context of several projects")
async def across(asked: AcrossContextRequest, memory: Library, client: Client = "") -> Response:
    """Return what several projects know about a question within a budget of tokens, with dates and sources.

    403 unless `project.enable_cross_project_search` is set.
    """
    made, found = await memory.context_across(**asked.model_dump())
    if client != VIEWER:
        await memory.note_told(made, Occasion.REST, user_id=asked.user_id, budget=asked.budget)
    shown = set(made.memories)
    projects = Counter(hit.memory.scope.project_id for hit in found.hits if hit.memory.id in shown)
    return Json({**context_of(made), "projects": dict(projects)})
