"""`POST /api/hooks/{client}`: what the hooks of coding assistants hand on; and the same for events from a spool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from recollect.agents.live import Live
from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Identifier, Moment
from recollect.library import AsyncMemory

router = APIRouter(prefix="/api", tags=["hooks"], responses=FAILURES)

_LIVE: Final[WeakKeyDictionary[AsyncMemory, Live]] = WeakKeyDictionary()
"""What each open library knows of its sessions: the route and the reader of the spool must share it."""

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class Envelope(BaseModel):
    """An event as a hook hands it on: an id of its own, when it was sent, and what the client told, unchanged."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    event_id: Identifier
    sent_at: Moment
    payload: dict[str, Any]


class Told(BaseModel):
    """What the hook is to write for its client; null for nothing."""

    output: dict[str, Any] | None


@router.post("/hooks/{client}", response_model=Told, summary="Hear of an event of a coding assistant")
async def hook(
    client: Annotated[Name, Path(examples=["claude-code"])],
    event: Annotated[Name, Query(examples=["UserPromptSubmit"])],
    envelope: Envelope,
    memory: Library,
    request: Request,
) -> Response:
    """Keep what the event tells; durable when this answers. The same event twice is kept once."""
    spool = getattr(request.app.state, "spool", None)
    if spool is not None:  # what waits there happened earlier
        await spool.caught_up()
    return Json({"output": await receive(memory, client, event, envelope.model_dump())})


async def receive(memory: AsyncMemory, client: str, event: str, envelope: Mapping[str, Any]) -> dict[str, Any] | None:
    """Keep what an event tells and return what its client is to be told, `None` for nothing.

    An event that came before, and one that is older than half a minute, is kept all the same but told nothing. Raises
    NotFound for a client that is not known, InvalidInput for an envelope that is none, and StoreError; never for what
    a payload holds.
    """
    if memory not in _LIVE:
        _LIVE[memory] = Live(memory)
    return await _LIVE[memory].hear(client, event, envelope)
