"""`/api/graph`: what memories speak of, and how it hangs together."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.pages import page
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Cursor, Identifier, Limit
from recollect.api.schema.graph import Entities, Neighbours
from recollect.ops.shape import time_of

router = APIRouter(prefix="/api/graph", tags=["graph"], responses=FAILURES)


@router.get("/entities", response_model=Entities, summary="List entities")
async def entities(
    memory: Library,
    user_id: Annotated[Identifier | None, Query()] = None,
    project_id: Annotated[Identifier | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 100,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Response:
    """Return a page of the things memories speak of, the most mentioned first."""
    reach, graph = await memory.reading(user_id, project_id), memory.app.engine.stores.graph
    found, following = await page(lambda count: graph.list(reach, limit=count), limit, cursor)
    shapes = [
        {
            "name": item.name,
            "type": item.type.value,
            "user_id": item.user_id,
            "project_id": item.project_id,
            "mentions": item.mentions,
        }
        for item in found
    ]
    return Json({"entities": shapes, "next_cursor": following})


@router.get("/neighbours", response_model=Neighbours, summary="List an entity's relations")
async def neighbours(
    memory: Library,
    name: Annotated[str, Query(min_length=1, max_length=512, description="The entity, in any case.", examples=["Bo"])],
    user_id: Annotated[Identifier | None, Query()] = None,
    project_id: Annotated[Identifier | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 50,
) -> Response:
    """Return what an entity is related to and how, the strongest relation first; nothing for an unknown name."""
    reach = await memory.reading(user_id, project_id)
    found = await memory.app.engine.stores.graph.neighbours(reach, name, limit=limit)
    shapes = [
        {
            "subject": item.subject,
            "predicate": item.predicate,
            "object": item.object,
            "weight": item.weight,
            "valid_from": time_of(item.valid_from),
            "valid_to": time_of(item.valid_to),
        }
        for item in found
    ]
    return Json({"name": name, "neighbours": shapes})
