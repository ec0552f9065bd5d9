"""`/api/events`: what changes, as it changes; streamed, or a page at a time for simple clients."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import APIRouter, FastAPI, Header, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from recollect.api.deps import Library
from recollect.api.live.hub import PAGE, Follower, Hub
from recollect.api.live.stream import EventStream
from recollect.api.live.told import Wanted, body_of
from recollect.capture.identifier import identifier
from recollect.errors import InvalidInput
from recollect.library import AsyncMemory
from recollect.models import Action, Change, Reach

router = APIRouter(tags=["live"])

LISTENERS = 1000
"""Most that may listen at once."""
LAST = 2**63 - 1

_EXAMPLE: Final = {
    "events": [
        {
            "id": 42,
            "event": "deleted",
            "at": "2026-05-01T09:00:00Z",
            "memory_id": "0199d3c5-7a1e-7000-8000-000000000000",
            "user_id": "alice",
            "project_id": "default",
            "memory": None,
        }
    ],
    "after": 42,
}


def install(app: FastAPI) -> None:
    """Give an application its hub, which ends its listeners when the server begins to stop."""
    app.state.hub = Hub()
    app.state.drain.tell(app.state.hub.close)


@router.get(
    "/api/events",
    summary="Listen to changes",
    response_class=Response,
    responses={
        200: {
            "description": "A stream of events, or one page of them for `Accept: application/json`",
            "content": {"text/event-stream": {"schema": {"type": "string"}}, "application/json": {"example": _EXAMPLE}},
        },
        400: {"description": "`Last-Event-ID` or a name cannot be used"},
        503: {"description": "Too many listen already, or the server stops"},
    },
)
async def events(
    request: Request,
    memory: Library,
    after: Annotated[int | None, Query(ge=0, le=LAST, description="the id of the last event that was seen")] = None,
    user_id: str | None = None,
    project_id: str | None = None,
    conversation_id: str | None = None,
    agent_id: str | None = None,
    content: Annotated[bool, Query(description="whether events carry texts, titles and metadata")] = True,
    limit: Annotated[int, Query(ge=1, le=1000, description="for pages: most events")] = 100,
    wait: Annotated[float, Query(ge=0, le=30, description="for pages: seconds to wait for a first event")] = 0,
    last_event_id: Annotated[str | None, Header(description="goes before `after`")] = None,
) -> Response:
    """Stream what is added, revised, retired and deleted, in order and each once, from now on or from a place on."""
    given = {
        "user_id": user_id,
        "project_id": project_id,
        "conversation_id": conversation_id,
        "agent_id": agent_id,
    }
    names = {name: None if value is None else identifier(value, name) for name, value in given.items()}
    wanted = await _wanted(memory, names, content=content)
    place = after if last_event_id is None else _place(last_event_id)
    hub: Hub = request.app.state.hub
    whole: AsyncMemory = request.app.state.memory  # one reads for all: what each is told is told apart by `sees`
    if hub.closed or hub.listening >= LISTENERS:
        raise HTTPException(503, "Too many listen already, or the server stops", headers={"Retry-After": "5"})
    if _asks_for_page(request.headers.get("accept", "")):
        return JSONResponse(await _page(hub, whole, wanted, place or 0, limit, wait))
    return EventStream(hub, whole, wanted, place)


async def _wanted(memory: AsyncMemory, names: Mapping[str, str | None], *, content: bool) -> Wanted:
    """Return what a listener is told: what it asked for and may read, of jobs whoever may watch the store."""
    asked = Reach(names["user_id"], names["project_id"])
    access, actor = memory.app.access, memory.actor
    await access.reach(actor, Action.READ, asked)
    jobs = (await access.verdict(actor, Action.WATCH, Reach(None, None))).allowed
    return Wanted(**names, content=content, sees=access.sees(actor, names["project_id"]), jobs=jobs)


def _place(text: str) -> int:
    """Return the place that a client says it has reached."""
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > LAST:
        raise InvalidInput(f"{text[:40]!r} is no event's id", field="Last-Event-ID", hint="Send one that events gave.")
    return int(text)


def _asks_for_page(accept: str) -> bool:
    """Whether a client wants JSON rather than a stream."""
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return "application/json" in kinds and "text/event-stream" not in kinds


async def _page(hub: Hub, memory: AsyncMemory, wanted: Wanted, after: int, limit: int, wait: float) -> dict[str, Any]:
    """Return one page of changes, and the place to go on from; with `wait`, as soon as there is something."""
    found, place = await _read(memory, wanted, after, limit)
    if not found and wait:
        async with hub.listen(memory, wanted, place) as follower:
            await _something(follower, wait)
        found, place = await _read(memory, wanted, place, limit)
    return {"events": [body_of(change, content=wanted.content) for change in found], "after": place}


async def _something(follower: Follower, wait: float) -> None:
    """Return when there is a change, when it is over, or when it has been long enough."""
    with suppress(TimeoutError):
        async with asyncio.timeout(wait):
            while (batch := await follower.batch()) is not None:
                if any(event.change is not None for event in batch.events):
                    return


async def _read(memory: AsyncMemory, wanted: Wanted, after: int, limit: int) -> tuple[list[Change], int]:
    records = memory.app.engine.stores.records
    through = await records.head()
    found: list[Change] = []
    place = min(after, through)
    while place < through:
        page = await records.changes(place, limit=PAGE, reach=wanted.reach)
        if not page:
            return found, through
        for change in page:
            place = change.seq
            if wanted.covers(change):
                found.append(change)
            if len(found) == limit:
                return found, place
    return found, place
