"""What became of an add or a delete, for clients that ask for it by `event_id`.

What was written is kept and found by word when the call returns; an event has succeeded when it is found by meaning
too. The log is short and lives in the process; it holds ids, never text. The event of an add has the id of its first
new memory, so that it can still be told when the process has been started anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from fastapi import APIRouter, Request

from recollect.api.deps import Library, actor_of
from recollect.api.mem0.bodies import Page, PageSize
from recollect.api.mem0.missing import ANSWERS, Mem0Route
from recollect.api.mem0.remember import Kept
from recollect.errors import NotFound
from recollect.library import AsyncMemory
from recollect.models import Actor, Memory

KEPT: Final = 1000

PATIENCE: Final = timedelta(seconds=30)
"""How long an event waits for vectors: where none can be made, or a worker is far behind, nobody polls forever."""

router = APIRouter(tags=["mem0"], route_class=Mem0Route, responses=ANSWERS)


@dataclass(frozen=True, slots=True)
class Event:
    """One call that wrote: what it was, whose memories it was about, and what became of which memory."""

    id: str
    sort: str
    at: datetime
    milliseconds: float
    payload: Mapping[str, Any]
    memories: Sequence[tuple[str, str]] = field(default=())


class Events:
    """The latest events, oldest out first."""

    def __init__(self) -> None:
        self._events: OrderedDict[str, Event] = OrderedDict()

    def added(self, kept: Sequence[Kept], at: datetime, milliseconds: float, payload: Mapping[str, Any]) -> Event:
        """Note what an add kept, and return its event."""
        name = next((one.memory.id for one in kept if one.new), str(uuid4()))
        memories = tuple((one.memory.id, one.event) for one in kept)
        return self._note(Event(name, "ADD", at, milliseconds, payload, memories))

    def deleted(self, at: datetime, milliseconds: float, payload: Mapping[str, Any]) -> Event:
        """Note that memories were deleted, and return the event."""
        return self._note(Event(str(uuid4()), "DELETE", at, milliseconds, payload))

    def get(self, event_id: str) -> Event | None:
        """Return an event that is still known."""
        return self._events.get(event_id)

    def latest(self) -> list[Event]:
        """Return all events that are known, newest first."""
        return list(reversed(self._events.values()))

    def _note(self, event: Event) -> Event:
        self._events[event.id] = event
        self._events.move_to_end(event.id)
        while len(self._events) > KEPT:
            self._events.popitem(last=False)
        return event


def events_of(request: Request) -> Events:
    """Return the events of whoever asks: what others wrote is not told."""
    state = request.app.state
    if not hasattr(state, "mem0_events"):
        state.mem0_events = {}
    events: dict[Actor, Events] = state.mem0_events
    return events.setdefault(actor_of(request), Events())


@router.get("/v1/events/", summary="List events")
async def list_events(
    request: Request, memory: Library, event_type: str | None = None, page: Page = 1, page_size: PageSize = 50
) -> dict[str, Any]:
    """Return what this process has added and deleted, newest first."""
    found = [one for one in events_of(request).latest() if event_type in {None, one.sort}]
    start = (page - 1) * page_size
    return {
        "count": len(found),
        "next": str(request.url.include_query_params(page=page + 1)) if start + page_size < len(found) else None,
        "previous": str(request.url.include_query_params(page=page - 1)) if page > 1 else None,
        "results": [await _shown(memory, one) for one in found[start : start + page_size]],
    }


@router.get("/v1/event/{event_id:path}/", summary="Get an event")
async def get_event(request: Request, memory: Library, event_id: str) -> dict[str, Any]:
    """Return what became of an add or a delete."""
    known = events_of(request).get(event_id)
    if known is not None:
        return await _shown(memory, known)
    found = await memory.app.engine.stores.records.get([event_id])
    if not found:
        raise NotFound("Event not found!", hint="Events of deletes are known until the server is started anew.")
    item = found[0]
    return await _shown(memory, Event(item.id, "ADD", item.created_at, 0.0, {}, ((item.id, "ADD"),)))


async def _settled(memory: AsyncMemory, event: Event, ids: Sequence[str]) -> bool:
    """Whether everything an event wrote is found by meaning, or will not be for the time being."""
    app = memory.app
    if not ids or not app.embedding.answering or app.engine.now() - event.at >= PATIENCE:
        return True
    return not await app.engine.stores.vectors.unembedded(app.embedding.model, limit=1, memory_ids=ids)


async def _shown(memory: AsyncMemory, event: Event) -> dict[str, Any]:
    ids = [name for name, _ in event.memories]
    done = await _settled(memory, event, ids)
    found = {item.id: item for item in await memory.app.engine.stores.records.get(ids)}
    return {
        "id": event.id,
        "event_type": event.sort,
        "status": "SUCCEEDED" if done else "PENDING",
        "payload": dict(event.payload),
        "results": [result(found[name], what) for name, what in event.memories if done and name in found],
        "metadata": {},
        "created_at": event.at.isoformat(),
        "updated_at": event.at.isoformat(),
        "started_at": event.at.isoformat(),
        "completed_at": event.at.isoformat() if done else None,
        "latency": round(event.milliseconds, 3),
    }


def result(item: Memory, event: str) -> dict[str, Any]:
    """Return one memory and what became of it, in the new form of Mem0's and in the old one."""
    return {"id": item.id, "memory": item.text, "data": {"memory": item.text}, "event": event}
