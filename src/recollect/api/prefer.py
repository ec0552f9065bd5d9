"""`Prefer: return=representation` (RFC 7240): answers carry whole memories, for clients that make them into objects."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request

from recollect.models import Change, Delete, Hit, Memory
from recollect.ops.shape import change_of, hit_of, memory_of, whole_of

WHOLE: Final = "return=representation"


def is_whole(request: Request) -> bool:
    """Whether a caller wants whole memories."""
    wishes = request.headers.get("prefer", "").lower().replace(" ", "").replace('"', "").split(",")
    return any(wish.partition(";")[0] == WHOLE for wish in wishes)


def memory(request: Request, item: Memory) -> dict[str, Any]:
    """Return a memory, whole where that is wanted."""
    return whole_of(item) if is_whole(request) else memory_of(item)


def hit(request: Request, found: Hit, *, explain: bool) -> dict[str, Any]:
    """Return a hit; with its memory and the place that matched where that is wanted."""
    shape = hit_of(found, explain=explain)
    if not is_whole(request):
        return shape
    return {**shape, "score": found.score, "memory": whole_of(found.memory), "start": found.start, "end": found.end}


def added(request: Request, item: Memory) -> dict[str, Any]:
    """Return what became of a note that was added."""
    shape: dict[str, Any] = {"memory_id": item.id, "user_id": item.scope.user_id, "content": item.text}
    return {**shape, "memory": whole_of(item)} if is_whole(request) else shape


def change(request: Request, step: Change) -> dict[str, Any]:
    """Return a change; with the memory as it was and as it became where that is wanted."""
    shape = change_of(step)
    if not is_whole(request):
        return shape
    event = step.event
    shape |= {"user_id": step.user_id, "project_id": step.project_id, "before": None, "memory": None}
    if not isinstance(event, Delete):
        before = getattr(event, "before", None)
        shape |= {"before": None if before is None else whole_of(before), "memory": whole_of(event.memory)}
    return shape
