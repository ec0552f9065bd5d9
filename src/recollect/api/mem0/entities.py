"""Users, agents, apps and runs: who has memories, and forgetting one of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final, Literal

from fastapi import APIRouter, Request

from recollect.api.deps import Library
from recollect.api.mem0 import shapes
from recollect.api.mem0.bodies import Page, PageSize
from recollect.api.mem0.events import events_of
from recollect.api.mem0.filters import ENTITIES, entity
from recollect.api.mem0.find import LISTED, erase
from recollect.api.mem0.missing import ANSWERS, Mem0Route
from recollect.errors import NotFound
from recollect.library import AsyncMemory
from recollect.models import DEFAULT, Coordinate, Owner

MOST: Final = 10_000
"""Entities of each type that one answer lists when no page is asked for."""

Type = Literal["user", "agent", "app", "run"]

router = APIRouter(tags=["mem0"], route_class=Mem0Route, responses=ANSWERS)


@router.get("/v1/entities/", summary="List entities")
async def list_entities(
    request: Request, memory: Library, page: Page | None = None, page_size: PageSize | None = None
) -> dict[str, Any]:
    """Return everybody who has memories: users first, then agents, apps and runs."""
    by_type = {sort: await counted(memory, field) for field, sort in shapes.TYPES.items()}
    found = [one for owners in by_type.values() for one in owners]
    size = page_size or (100 if page else max(len(found), 1))
    number = page or 1
    answer: dict[str, Any] = {
        "count": len(found),
        "next": str(request.url.include_query_params(page=number + 1)) if number * size < len(found) else None,
        "previous": str(request.url.include_query_params(page=number - 1)) if number > 1 else None,
        "results": found[(number - 1) * size : number * size],
    }
    return answer | {f"total_{sort}s": len(owners) for sort, owners in by_type.items()}


async def counted(memory: AsyncMemory, coordinate: Coordinate, name: str | None = None) -> Sequence[dict[str, Any]]:
    """Return the entities of one type with the number of memories that a list of each would show."""
    owners = memory.app.owners
    everybody = await owners.owners(coordinate, name=name, limit=MOST)
    shown = {one.name: one.memories for one in await owners.owners(coordinate, kinds=LISTED, name=name, limit=MOST)}
    return [shapes.owner(one, shown.get(one.name, 0)) for one in everybody if not _unnamed(one)]


def _unnamed(one: Owner) -> bool:
    """Whether it is the project of memories that were written for no app."""
    return one.coordinate == "project_id" and one.name == DEFAULT


@router.get("/v1/entities/{entity_type}/{entity_id:path}/", summary="Get an entity")
async def get_entity(memory: Library, entity_type: Type, entity_id: str) -> dict[str, Any]:
    """Return a user, agent, app or run that has memories."""
    found = await counted(memory, ENTITIES[f"{entity_type}_id"], entity_id)
    if not found:
        raise NotFound("Entity not found!", hint="GET /v1/entities/ lists those that are there.")
    return found[0]


@router.delete("/v1/entities/{entity_type}/{entity_id:path}/", summary="Delete an entity (v1)")
@router.delete("/v2/entities/{entity_type}/{entity_id:path}/", summary="Delete an entity")
async def delete_entity(request: Request, memory: Library, entity_type: Type, entity_id: str) -> dict[str, Any]:
    """Delete all memories of a user, agent, app or run; nothing happens when it has none.

    A memory belongs to a user and a run at once: clients that delete both, one after the other, find the second empty.
    """
    start = time.perf_counter()
    name = f"{entity_type}_id"
    await erase(memory, entity(name, entity_id))
    took = (time.perf_counter() - start) * 1000
    event = events_of(request).deleted(memory.app.engine.now(), took, {name: entity_id})
    return {"message": "Entity deleted successfully!", "event_id": event.id}
