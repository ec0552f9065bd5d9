"""What projects have in common: related ones, recommendations from others, a graph over all of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.prefer import is_whole
from recollect.api.schema.across import GraphAcross, Recommendations, RelatedProjects
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Identifier, Limit, Question
from recollect.ops.across_shape import graph_of, recommended_of, related_of

router = APIRouter(prefix="/api", tags=["search across projects"], responses=FAILURES)


@router.get("/projects/{project_id}/related", response_model=RelatedProjects, summary="List related projects")
async def related(
    project_id: Identifier,
    memory: Library,
    request: Request,
    user_id: Annotated[Identifier | None, Query(description="By this user's memories only.")] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 5,
) -> Response:
    """Return the projects most like one, and what ties them to it: entities, and memories close in meaning."""
    found = await memory.related_projects(project_id, user_id=user_id, limit=limit)
    return Json({"project_id": project_id, "related": [related_of(one, whole=is_whole(request)) for one in found]})


@router.get(
    "/projects/{project_id}/recommendations",
    response_model=Recommendations,
    response_model_exclude_unset=True,
    summary="Recommend from other projects",
)
async def recommendations(
    project_id: Identifier,
    memory: Library,
    request: Request,
    query: Annotated[Question | None, Query(description="About this; else about its latest memories.")] = None,
    user_id: Annotated[Identifier | None, Query(description="Only this user's memories.")] = None,
    limit: Annotated[Limit, Query()] = 10,
) -> Response:
    """Return what other projects that may be read know about a question, or about what a project was last about."""
    found = await memory.recommend(project_id, query=query, user_id=user_id, limit=limit)
    return Json(recommended_of(project_id, found, whole=is_whole(request)))


@router.get("/graph/across", response_model=GraphAcross, summary="Show a graph over projects")
async def graph(
    memory: Library,
    project_id: Annotated[
        list[Identifier] | None, Query(description="Of these; else of all that may be read.", max_length=1000)
    ] = None,
    user_id: Annotated[Identifier | None, Query(description="By this user's memories only.")] = None,
    limit: Annotated[Limit, Query(description="How many entities at most.")] = 100,
    shared: Annotated[bool, Query(description="Only what two projects or more know.")] = True,
) -> Response:
    """Return the entities that several projects know, how often each names them, and how they are related."""
    found = await memory.graph_across(project_ids=project_id or (), user_id=user_id, limit=limit, shared=shared)
    return Json(graph_of(found))
