"""`/api/search`: one question to several projects, and what a user asked them before."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.pages import after, before
from recollect.api.prefer import is_whole
from recollect.api.schema.across import AcrossAnswer, AcrossRequest, ForgottenSearches, SearchHistory
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Cursor, Identifier, Limit
from recollect.ops.across_shape import across_of, past_of

router = APIRouter(prefix="/api/search", tags=["search across projects"], responses=FAILURES)


@router.post("/projects", response_model=AcrossAnswer, response_model_exclude_unset=True, summary="Search projects")
async def searched(asked: AcrossRequest, memory: Library, request: Request) -> Response:
    """Return what answers a question in several projects, each result with its project.

    At most `project.max_projects_per_search` of them are searched, and only those that may be read. 403 unless
    `project.enable_cross_project_search` is set.
    """
    given = asked.model_dump()
    found = await memory.search_across(given.pop("query"), **given)
    return Json(across_of(asked.query, found, whole=is_whole(request)))


@router.get("/history", response_model=SearchHistory, summary="List searches across projects")
async def history(
    memory: Library,
    user_id: Annotated[Identifier | None, Query(description="Whose.")] = None,
    limit: Annotated[Limit, Query()] = 100,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Response:
    """Return a page of what a user searched for across projects, the latest first."""
    found = await memory.search_history(user_id=user_id, limit=limit, beyond=after(cursor))
    return Json({"searches": [past_of(one) for one in found], "next_cursor": before(found, limit, lambda one: one.id)})


@router.delete("/history", response_model=ForgottenSearches, summary="Delete searches across projects")
async def forget(
    memory: Library,
    user_id: Annotated[Identifier | None, Query(description="Whose.")] = None,
    id: Annotated[  # noqa: A002 - the word of the contract
        list[Annotated[int, Query(ge=1, lt=2**63)]] | None, Query(description="Only these.", max_length=1000)
    ] = None,
) -> Response:
    """Delete what a user searched for across projects, all of it or the searches with these ids."""
    return Json({"deleted": await memory.forget_searches(user_id=user_id, ids=id)})
