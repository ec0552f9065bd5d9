"""`/api/memory`: the memory routes of the seed, and one memory with its history."""

from __future__ import annotations

import time
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from recollect.api import prefer
from recollect.api.backlog import UNLESS_BEHIND
from recollect.api.deps import Library
from recollect.api.envelope import enveloped
from recollect.api.etag import etag, moved, names, version_of
from recollect.api.idempotency import IdempotentRoute, documented
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Cursor, Identifier, Kinds, Limit
from recollect.api.schema.memory import (
    Added,
    AddRequest,
    Batch,
    BatchRequest,
    Changes,
    Cleared,
    Envelope,
    Figures,
    History,
    Listed,
    MemoryAnswer,
    Removed,
    Search,
    SearchRequest,
    UpdateRequest,
    Written,
)
from recollect.errors import Conflict, InvalidInput
from recollect.library import AsyncMemory
from recollect.ops.shape import memory_of

router = APIRouter(prefix="/api/memory", tags=["memory"], route_class=IdempotentRoute, responses=FAILURES)

Once = Depends(documented)
IfMatch = Annotated[
    str | None, Header(max_length=1000, description="The ETag the change is meant for; else 412.", examples=['"1"'])
]
IfNoneMatch = Annotated[
    str | None, Header(max_length=1000, description="The ETag that is known; 304 while it is the present one.")
]
UserPath = Annotated[Identifier, Path(description="Whose memories; any characters, a slash too.")]
TIMES = ("expires_at", "valid_from", "valid_to")
"""What null takes away; everywhere else it means that nothing is given."""
TAGGED: dict[str, Any] = {"headers": {"ETag": {"description": "The version.", "schema": {"type": "string"}}}}


@router.post("/add", response_model=Envelope[Added], dependencies=[Once], summary="Add a memory")
async def add(asked: AddRequest, memory: Library, request: Request) -> Response:
    """Keep a note. Said again in its user and project it is counted, not kept twice."""
    given = asked.model_dump(exclude_unset=True)
    kept = await memory.add(given.pop("content"), **given)
    return enveloped(request, "added", prefer.added(request, kept), headers={"etag": etag(kept)})


@router.post(
    "/batch-add", response_model=Envelope[Batch], dependencies=[UNLESS_BEHIND, Once], summary="Add several memories"
)
async def batch_add(asked: BatchRequest, memory: Library, request: Request) -> Response:
    """Keep several notes, in order: where one of them cannot be used, none is written."""
    scope = asked.model_dump(exclude_unset=True, exclude={"memories"})
    kept = await memory.add_all([_note(item) for item in asked.memories], **scope)
    return enveloped(
        request, "batch_added", {"memories": [prefer.added(request, item) for item in kept], "total": len(kept)}
    )


@router.post("/search", response_model=Envelope[Search], summary="Search memories")
async def search(asked: SearchRequest, memory: Library, request: Request) -> Response:
    """Return the memories that answer a question, the best first."""
    begun = time.perf_counter()
    hits = await memory.search(
        asked.query,
        user_id=asked.user_id,
        project_id=asked.project_id,
        conversation_id=asked.conversation_id,
        agent_id=asked.agent_id,
        kinds=asked.kinds,
        filters=asked.filters,
        asked_at=asked.asked_at,
        limit=asked.limit,
        explain=asked.explain,
        stale=asked.stale,
    )
    found = [prefer.hit(request, hit, explain=asked.explain) for hit in hits]
    took = round((time.perf_counter() - begun) * 1000, 3)
    by_words = {} if memory.app.by_meaning or not asked.query.strip() else {"search": "words"}
    return enveloped(request, "found", {"memories": found, "total": len(found), "took_ms": took, **by_words})


@router.get("/user/{user_id:path}", response_model=Envelope[Listed], summary="List a user's memories")
async def listed(
    user_id: UserPath,
    memory: Library,
    request: Request,
    project_id: Annotated[Identifier | None, Query()] = None,
    kinds: Annotated[Kinds | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 1000,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Response:
    """Return a page of all memories of a user, the newest first."""
    page = await memory.list(user_id=user_id, project_id=project_id, kinds=kinds, limit=limit, cursor=cursor)
    total = len(page.memories)
    if cursor is not None or page.cursor is not None:
        figures = await memory.stats(user_id=user_id, project_id=project_id)
        total = sum(count for kind, count in figures.by_kind.items() if not kinds or kind in kinds)
    found = [memory_of(item) for item in page.memories]
    data = {"user_id": user_id.strip(), "memories": found, "total": total, "next_cursor": page.cursor}
    return enveloped(request, "listed", data)


@router.put(
    "/update", response_model=Envelope[MemoryAnswer], responses={200: TAGGED}, dependencies=[Once], summary="Update"
)
async def update(asked: UpdateRequest, memory: Library, request: Request, if_match: IfMatch = None) -> Response:
    """Change a memory; metadata is replaced as a whole. With If-Match only the version that is named."""
    given = asked.model_dump(exclude_unset=True)
    return await _change(memory, request, given.pop("memory_id"), given, if_match)


@router.delete("/memory/{memory_id}", response_model=Envelope[Removed], summary="Delete a memory")
async def delete(
    memory_id: Annotated[Identifier, Path()], memory: Library, request: Request, if_match: IfMatch = None
) -> Response:
    """Delete a memory, its history, and what was derived from it alone."""
    await version_of(memory, memory_id, if_match)
    await memory.delete(memory_id)
    return enveloped(request, "deleted", {"memory_id": memory_id})


@router.delete("/user/{user_id:path}", response_model=Envelope[Cleared], summary="Delete a user's memories")
async def clear(user_id: UserPath, memory: Library, request: Request) -> Response:
    """Delete everything of a user, in every project."""
    gone = await memory.forget(user_id=user_id)
    return enveloped(request, "cleared", {"user_id": user_id.strip(), "deleted": gone})


@router.get("/stats/{user_id:path}", response_model=Envelope[Figures], summary="Count a user's memories")
async def stats(
    user_id: UserPath, memory: Library, request: Request, project_id: Annotated[Identifier | None, Query()] = None
) -> Response:
    """Count a user's memories by day (UTC), category, kind and tier."""
    made = await memory.stats(user_id=user_id, project_id=project_id)
    data = {
        "user_id": user_id.strip(),
        "total_memories": made.memories,
        "date_distribution": dict(made.by_day),
        "category_distribution": dict(made.by_category),
        "kind_distribution": dict(made.by_kind),
        "tier_distribution": dict(made.by_tier),
        "conversations": made.conversations,
        "entities": made.entities,
    }
    return enveloped(request, "counted", data)


# Ids are UUIDs, so that these paths do not swallow those above.
@router.get(
    "/{memory_id:uuid}",
    response_model=Envelope[MemoryAnswer],
    responses={200: TAGGED, 304: {"description": "It is still as it was."}},
    summary="Get a memory",
)
async def one(memory_id: UUID, memory: Library, request: Request, if_none_match: IfNoneMatch = None) -> Response:
    """Return a memory with all its fields, and its version as ETag."""
    item = await memory.get(str(memory_id))
    tag = etag(item)
    if if_none_match is not None and names(if_none_match, tag, weak=True):
        return Response(status_code=304, headers={"etag": tag, "vary": "Accept-Language"})
    return enveloped(request, "got", prefer.memory(request, item), headers={"etag": tag})


@router.patch(
    "/{memory_id:uuid}",
    response_model=Envelope[MemoryAnswer],
    responses={200: TAGGED},
    dependencies=[Once],
    summary="Change a memory",
)
async def patch(
    memory_id: UUID, asked: Changes, memory: Library, request: Request, if_match: IfMatch = None
) -> Response:
    """Change a memory, as `PUT /api/memory/update` does."""
    return await _change(memory, request, str(memory_id), asked.model_dump(exclude_unset=True), if_match)


@router.delete("/{memory_id:uuid}", response_model=Envelope[Removed], summary="Delete a memory")
async def delete_one(memory_id: UUID, memory: Library, request: Request, if_match: IfMatch = None) -> Response:
    """Delete a memory, as `DELETE /api/memory/memory/{memory_id}` does."""
    return await delete(str(memory_id), memory, request, if_match)


@router.get("/{memory_id:uuid}/history", response_model=Envelope[History], summary="Get a memory's history")
async def history(memory_id: UUID, memory: Library, request: Request) -> Response:
    """Return every change of a memory, the oldest first; of a deleted one only that it was deleted."""
    steps = [prefer.change(request, step) for step in await memory.history(str(memory_id))]
    return enveloped(request, "history", {"memory_id": str(memory_id), "history": steps})


async def _change(
    memory: AsyncMemory, request: Request, memory_id: str, given: dict[str, Any], if_match: str | None
) -> Response:
    changes = {("text" if name == "content" else name): value for name, value in given.items() if value is not None}
    if cleared := [name for name in TIMES if name in given and given[name] is None]:
        changes["clear"] = cleared
    if not changes:
        raise InvalidInput("Nothing is to be changed", field="content", hint="Give content, metadata or another field.")
    version = await version_of(memory, memory_id, if_match)
    try:
        changed = await memory.update(memory_id, version=version, **changes)
    except Conflict as error:
        raise moved(error, version) from error
    return enveloped(request, "updated", prefer.memory(request, changed), headers={"etag": etag(changed)})


def _note(item: Written) -> dict[str, Any]:
    given = item.model_dump(exclude_unset=True)
    return {"text": given.pop("content"), **given}
