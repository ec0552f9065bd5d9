"""`/api/graph`: what memories speak of, and how it hangs together."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.pages import page
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Cursor, Identifier, Limit, Moment
from recollect.api.schema.graph import Communities, Entities, Name, Neighbours, Paths
from recollect.capture.instant import instant
from recollect.models import Relation
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
    name: Annotated[Name, Query(description="The entity, in any case.", examples=["Bo"])],
    user_id: Annotated[Identifier | None, Query()] = None,
    project_id: Annotated[Identifier | None, Query()] = None,
    at: Annotated[Moment | None, Query(description="Only what was said to hold then.")] = None,
    limit: Annotated[Limit, Query()] = 50,
) -> Response:
    """Return what an entity is related to and how, the strongest relation first; nothing for an unknown name."""
    reach = await memory.reading(user_id, project_id)
    found = await memory.app.engine.stores.graph.neighbours(reach, name, at=_time(at), limit=limit)
    return Json({"name": name, "neighbours": [_relation(item) for item in found]})


@router.get("/paths", response_model=Paths, summary="Find how two entities hang together")
async def paths(
    memory: Library,
    start: Annotated[Name, Query(alias="from", description="An entity, in any case.", examples=["Al"])],
    end: Annotated[Name, Query(alias="to", description="Another one.", examples=["Bo"])],
    user_id: Annotated[Identifier | None, Query()] = None,
    project_id: Annotated[Identifier | None, Query()] = None,
    at: Annotated[Moment | None, Query(description="Only what was said to hold then.")] = None,
    hops: Annotated[int, Query(ge=1, le=10, description="Relations that a path has at most.")] = 4,
    limit: Annotated[int, Query(ge=1, le=100, description="Paths at most.")] = 10,
) -> Response:
    """Return the shortest paths between two entities, whichever way the relations along them point."""
    reach = await memory.reading(user_id, project_id)
    graph = memory.app.engine.stores.graph
    found = await graph.paths(reach, start, end, at=_time(at), hops=hops, limit=limit)
    shapes = [
        {
            "user_id": path.user_id,
            "project_id": path.project_id,
            "entities": path.entities,
            "relations": [_relation(item) for item in path.relations],
        }
        for path in found
    ]
    return Json({"from": start, "to": end, "paths": shapes})


@router.get("/communities", response_model=Communities, summary="List groups of entities")
async def communities(
    memory: Library,
    user_id: Annotated[Identifier | None, Query()] = None,
    project_id: Annotated[Identifier | None, Query()] = None,
    at: Annotated[Moment | None, Query(description="Only what was said to hold then.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Groups at most.")] = 20,
) -> Response:
    """Return groups of entities that have more to do with each other than with the rest, the most tied first."""
    reach = await memory.reading(user_id, project_id)
    found = await memory.app.engine.stores.graph.communities(reach, at=_time(at), limit=limit)
    return Json({"communities": [asdict(item) for item in found]})


def _time(at: str | None) -> datetime | None:
    return None if at is None else instant(at, "at")


def _relation(item: Relation) -> dict[str, Any]:
    return {
        "subject": item.subject,
        "predicate": item.predicate,
        "object": item.object,
        "weight": item.weight,
        "valid_from": time_of(item.valid_from),
        "valid_to": time_of(item.valid_to),
    }
