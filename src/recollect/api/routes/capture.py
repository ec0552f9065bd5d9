"""`POST /api/capture`: turns of a conversation come in."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.idempotency import IdempotentRoute, documented
from recollect.api.schema.capture import CaptureRequest, Receipt, plain
from recollect.api.schema.failure import FAILURES

router = APIRouter(prefix="/api", tags=["capture"], route_class=IdempotentRoute, responses=FAILURES)


@router.post(
    "/capture", status_code=202, response_model=Receipt, dependencies=[Depends(documented)], summary="Capture turns"
)
async def capture(asked: CaptureRequest, memory: Library) -> Response:
    """Keep turns word for word; durable and found by word when this answers, found by meaning soon after.

    What was captured before is not kept twice. A turn with a `message_id` is known by it.
    """
    scope = asked.model_dump(exclude_unset=True, exclude={"turns"})
    done = await memory.capture([plain(turn) for turn in asked.turns], **scope)
    return Json({"ids": list(done.ids), "duplicates": done.duplicates, "redacted": dict(done.redacted)}, 202)
