"""`/api/chat`: a conversation that remembers, and the memory routes under the names the seed gives them there."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response
from fastapi.responses import StreamingResponse

from recollect.api.deps import Library
from recollect.api.envelope import Json, now
from recollect.api.idempotency import IdempotentRoute, documented
from recollect.api.routes import memory as memories
from recollect.api.schema.chat import MessageAnswer, MessageRequest
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.memory import Cleared, Envelope, Listed, Removed, Search
from recollect.api.sse import event, wanted
from recollect.capture.identifier import identifier
from recollect.capture.metadata import metadata_of
from recollect.chat import Piece, Reply, Restart
from recollect.errors import RecollectError, StoreError
from recollect.library import AsyncMemory
from recollect.models import Reach, Scope

log = logging.getLogger("recollect.api")

router = APIRouter(prefix="/api/chat", tags=["chat"], route_class=IdempotentRoute, responses=FAILURES)

STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; with `Accept: text/event-stream` the events `token`, `restart`, `done`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.post(
    "/message",
    response_model=MessageAnswer,
    responses=STREAM,
    dependencies=[Depends(documented)],
    summary="Send a message",
)
async def message(
    asked: MessageRequest,
    memory: Library,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Answer a message with what is remembered, and keep both turns in the session.

    The chat model of the settings answers; without one, or when it fails, the memories themselves do. Memories of the
    user are looked for in the project that is named, or else in all projects.
    """
    scope, reach = await _place(memory, asked)
    metadata_of(asked.metadata, "metadata")
    if wanted(accept):
        events = _events(memory, asked, scope, reach)
        return StreamingResponse(events, media_type="text/event-stream", headers={"cache-control": "no-store"})
    reply = await memory.app.agent.reply(asked.message, scope, reach, metadata=asked.metadata)
    return Json(_answer(reply, scope))


async def _place(memory: AsyncMemory, asked: MessageRequest) -> tuple[Scope, Reach]:
    """Return where the turns are kept, and where memories are looked for."""
    session = None if asked.session_id is None else identifier(asked.session_id, "session_id")
    scope = await memory.writing(asked.user_id, asked.project_id, session, asked.agent_id)
    return scope, await memory.reading(scope.user_id, asked.project_id)


async def _events(memory: AsyncMemory, asked: MessageRequest, scope: Scope, reach: Reach) -> AsyncIterator[bytes]:
    """Tell the answer as it is made; what fails once the stream has begun is told as an event too."""
    try:
        async with aclosing(memory.app.agent.stream(asked.message, scope, reach, metadata=asked.metadata)) as pieces:
            async for said in pieces:
                match said:
                    case Piece(text):
                        yield event("token", {"text": text})
                    case Restart(reason):
                        yield event("restart", {"reason": reason})
                    case Reply():
                        yield event("done", _answer(said, scope))
    except RecollectError as error:
        log.warning("a chat stream broke off: %s", error.code)
        message = "The store failed" if isinstance(error, StoreError) else error.message
        yield event("error", {"code": error.code, "message": message, "hint": error.hint})


def _answer(reply: Reply, scope: Scope) -> dict[str, Any]:
    return {
        "response": reply.text,
        "user_id": scope.user_id,
        "session_id": reply.session_id,
        "memories_used": list(reply.memories),
        "timestamp": now(),
        "model": reply.model,
        "fallback": reply.fallback,
    }


router.post("/search-memories", response_model=Envelope[Search], summary="Search memories")(memories.search)
router.get("/memories/{user_id:path}", response_model=Envelope[Listed], summary="List a user's memories")(
    memories.listed
)
router.delete("/memories/{user_id:path}", response_model=Envelope[Cleared], summary="Delete a user's memories")(
    memories.clear
)
router.delete("/memory/{memory_id}", response_model=Envelope[Removed], summary="Delete a memory")(memories.delete)
