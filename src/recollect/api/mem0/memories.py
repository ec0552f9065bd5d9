"""The hosted service's routes for memories, as its present clients call them."""

from __future__ import annotations

import time
from typing import Any, Final

from fastapi import APIRouter, Request

from recollect.api.deps import Library
from recollect.api.mem0 import shapes
from recollect.api.mem0.bodies import (
    AddBody,
    BatchBody,
    Conditions,
    FeedbackBody,
    ListBody,
    Page,
    PageSize,
    SearchBody,
    UpdateBody,
    spoken_filters,
)
from recollect.api.mem0.events import events_of, result
from recollect.api.mem0.filters import ENTITIES, entity
from recollect.api.mem0.find import Found, Question, erase, listed, search, stamps
from recollect.api.mem0.missing import ANSWERS, Mem0Route
from recollect.api.mem0.remember import remember
from recollect.api.mem0.sieve import Either, Tree, joined
from recollect.api.mem0.single import chain, change, held, held_all
from recollect.capture.instant import instant
from recollect.errors import InvalidInput

THRESHOLD: Final = 0.1
"""The score below which Mem0 leaves hits out when not told otherwise."""
FEEDBACK: Final = ("POSITIVE", "NEGATIVE", "VERY_NEGATIVE")

router = APIRouter(tags=["mem0"], route_class=Mem0Route, responses=ANSWERS)


@router.post("/v3/memories/add/", summary="Add memories")
async def add(request: Request, memory: Library, body: AddBody) -> dict[str, Any]:
    """Keep messages. They are found when this returns; the event of an inferred add says what was kept."""
    answer = await added(request, memory, body)
    if body.infer is not False and body.async_mode is not False:
        answer |= {"status": "PENDING", "message": "Memory processing has been queued"}
        del answer["results"]
    return answer


async def added(request: Request, memory: Library, body: AddBody) -> dict[str, Any]:
    """Keep what a body holds, note the event, and return the whole answer."""
    start = time.perf_counter()
    said = body.said()
    kept = await remember(memory, said)
    payload = {name: getattr(said.owned, ours) for name, ours in ENTITIES.items()}
    took = (time.perf_counter() - start) * 1000
    event = events_of(request).added(kept, memory.app.engine.now(), took, payload)
    answer: dict[str, Any] = {
        "message": f"{sum(one.new for one in kept)} memories were added",
        "status": "SUCCEEDED",
        "event_id": event.id,
        "results": [result(one.memory, one.event) for one in kept],
    }
    return answer | ({"ignored": body.ignored()} if body.ignored() else {})


@router.post("/v3/memories/search/", summary="Search memories")
async def search_memories(memory: Library, body: SearchBody) -> dict[str, Any]:
    """Return the memories that answer a question, best first."""
    return {"results": [shapes.hosted_fields(one, body.fields) for one in await asked(memory, body)]}


async def asked(memory: Library, body: SearchBody, *, threshold: float = THRESHOLD) -> list[Found]:
    """Return what a search body asks for."""
    moment = None if body.reference_date is None else instant(body.reference_date, "reference_date")
    return await search(
        memory,
        Question(
            text=body.text(),
            tree=body.tree(),
            limit=body.top_k or body.limit or 10,
            threshold=threshold if body.threshold is None else body.threshold,
            asked_at=moment,
            stale=body.stale,
            explain=True,
        ),
    )


@router.post("/v3/memories/", summary="List memories")
async def list_memories(
    request: Request, memory: Library, body: ListBody, page: Page | None = None, page_size: PageSize | None = None
) -> dict[str, Any]:
    """Return a page of memories, the newest first."""
    return await paged(request, memory, body, page or body.page or 1, page_size or body.page_size or 100)


async def paged(request: Request, memory: Library, body: Conditions, page: int, size: int) -> dict[str, Any]:
    """Return one page in Mem0's form, with links to the ones before and after."""
    found, total = await listed(memory, body.tree(), start=(page - 1) * size, size=size, stale=body.stale)

    def link(number: int) -> str:
        return str(request.url.include_query_params(page=number, page_size=size))

    return {
        "count": total,
        "next": link(page + 1) if page * size < total else None,
        "previous": link(page - 1) if page > 1 else None,
        "results": [shapes.hosted_fields(one, body.fields) for one in found],
    }


@router.delete("/v1/memories/", summary="Delete memories of somebody")
async def delete_memories(request: Request, memory: Library) -> dict[str, Any]:
    """Delete all memories of a user, agent, app or run; `*` stands for any, and for everything when nothing else is."""
    start = time.perf_counter()
    given = dict(request.query_params)
    if "filters" in given:
        found = spoken_filters(given["filters"])
        if not isinstance(found, dict) or not found.keys() <= ENTITIES.keys():
            raise InvalidInput("filters does not name whose memories", field="filters", hint='{"user_id": "alice"}')
        given |= found
    named = {name: given[name] for name in ENTITIES if given.get(name)}
    await erase(memory, _whose(named))
    took = (time.perf_counter() - start) * 1000
    event = events_of(request).deleted(memory.app.engine.now(), took, named)
    return {"message": "Delete in progress. This may take some time.", "event_id": event.id}


def _whose(named: dict[str, str]) -> Tree:
    if not named:
        raise InvalidInput(
            "At least one of user_id, agent_id, app_id or run_id is required",
            field="user_id",
            hint="Name whose memories to delete; user_id=* deletes those of all users.",
        )
    parts: list[Tree] = [entity(name, value) for name, value in named.items()]
    # All wildcards: whatever belongs to anybody.
    return Either(tuple(parts)) if set(named.values()) == {"*"} else joined(parts)


@router.get("/v1/memories/{memory_id:path}/history/", summary="History of a memory")
async def get_history(memory: Library, memory_id: str) -> list[dict[str, Any]]:
    """Return what became of a memory, oldest first; of a deleted one only that it is gone."""
    changes = await memory.app.engine.stores.records.history(memory_id)
    if not changes:
        await held(memory, memory_id)
    return shapes.history(changes)


@router.get("/v1/memories/{memory_id:path}/", summary="Get a memory")
async def get_memory(memory: Library, memory_id: str) -> dict[str, Any]:
    """Return one memory."""
    item = await held(memory, memory_id)
    return shapes.hosted(Found(item, (await stamps(memory, [item]))[item.id]))


@router.put("/v1/memories/{memory_id:path}/", summary="Change a memory")
async def update_memory(memory: Library, memory_id: str, body: UpdateBody) -> dict[str, Any]:
    """Change text, metadata (as a whole), time or expiry, and return the memory as it is now."""
    changes = body.changes()
    item = await change(memory, await held(memory, memory_id), changes)
    return shapes.hosted(Found(item, (await stamps(memory, [item]))[item.id]))


@router.delete("/v1/memories/{memory_id:path}/", summary="Delete a memory")
async def delete_memory(memory: Library, memory_id: str, delete_linked: bool = False) -> dict[str, Any]:
    """Delete a memory; with `delete_linked` those it superseded too, which would otherwise hold again."""
    item = await held(memory, memory_id)
    linked = await chain(memory, item) if delete_linked else []
    await memory.app.engine.remove([item.id, *linked])
    answer = {"message": "Memory deleted successfully!"}
    return answer | ({"cascade_count": len(linked)} if delete_linked else {})


@router.put("/v1/batch/", summary="Change memories")
async def batch_update(memory: Library, body: BatchBody) -> dict[str, Any]:
    """Change up to 1,000 memories; when one of them is not there, none is changed."""
    changes = [one.changes() for one in body.memories]
    items = await held_all(memory, [one.memory_id for one in body.memories])
    for item, changed in zip(items, changes, strict=True):
        await change(memory, item, changed)
    return {"message": f"Successfully updated {len(items)} memories"}


@router.delete("/v1/batch/", summary="Delete memories")
async def batch_delete(memory: Library, body: BatchBody) -> dict[str, Any]:
    """Delete up to 1,000 memories at once; when one of them is not there, none is deleted."""
    items = await held_all(memory, [one.memory_id for one in body.memories])
    ids = list(dict.fromkeys(item.id for item in items))
    await memory.app.engine.remove(ids)
    return {"message": f"Successfully deleted {len(ids)} memories"}


@router.post("/v1/feedback/", summary="Judge a memory")
async def give_feedback(memory: Library, body: FeedbackBody) -> dict[str, Any]:
    """Keep what somebody thinks of a memory beside it; nothing is ranked by it."""
    word = None if body.feedback is None else body.feedback.upper()
    if word is not None and word not in FEEDBACK:
        raise InvalidInput("feedback is none of Mem0's words", field="feedback", hint=f"Use {', '.join(FEEDBACK)}.")
    item = await held(memory, body.memory_id)
    metadata = shapes.metadata(item)
    if word is not None:
        metadata[shapes.OWN] = {"feedback": word, "feedback_reason": body.feedback_reason}
    await memory.app.engine.update(item.id, metadata=metadata)
    return {"id": item.id, "feedback": word, "feedback_reason": body.feedback_reason}
