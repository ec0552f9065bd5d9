"""`POST /api/context`: what is remembered about a question, as text for an assistant."""

from __future__ import annotations

from fastapi import APIRouter, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.schema.capture import ContextAnswer, ContextRequest
from recollect.api.schema.failure import FAILURES
from recollect.ops.shape import context_of

router = APIRouter(prefix="/api", tags=["context"], responses=FAILURES)


@router.post("/context", response_model=ContextAnswer, summary="Compose a context")
async def context(asked: ContextRequest, memory: Library) -> Response:
    """Return memories about a question within a budget of tokens, with dates and sources."""
    given = asked.model_dump(exclude_unset=True)
    return Json(context_of(await memory.context(given.pop("query"), **given)))
