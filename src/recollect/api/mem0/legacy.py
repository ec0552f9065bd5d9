"""The hosted service's older routes (v1 and v2), for clients that were never updated."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from recollect.api.deps import Library
from recollect.api.mem0 import shapes
from recollect.api.mem0.bodies import AddBody, ListBody, Page, PageSize, SearchBody
from recollect.api.mem0.memories import added, asked, paged
from recollect.api.mem0.missing import ANSWERS, Mem0Route

router = APIRouter(tags=["mem0"], route_class=Mem0Route, responses=ANSWERS)

NEW_FORM = "v1.1"
OLD_FORM = "v1.0"


@router.post("/v1/memories/", summary="Add memories (v1)")
async def add(request: Request, memory: Library, body: AddBody) -> Any:
    """Keep messages and answer with what was kept: as a list, or in the form v1.1 as `results`."""
    answer = await added(request, memory, body)
    return answer if body.output_format == NEW_FORM else answer["results"]


@router.get("/v1/memories/", summary="List memories (v1)")
async def list_v1(
    request: Request,
    memory: Library,
    user_id: str | None = None,
    agent_id: str | None = None,
    app_id: str | None = None,
    run_id: str | None = None,
    output_format: str | None = None,
    page: Page | None = None,
    page_size: PageSize | None = None,
) -> Any:
    """Return memories of somebody: as a list, or with `page` and in the form v1.1 as a page."""
    named = {"user_id": user_id, "agent_id": agent_id, "app_id": app_id, "run_id": run_id}
    body = ListBody.model_validate(named)
    answer = await paged(request, memory, body, page or 1, page_size or 100)
    return answer if page or page_size or output_format == NEW_FORM else answer["results"]


@router.post("/v1/memories/search/", summary="Search memories (v1)")
async def search_v1(memory: Library, body: SearchBody) -> Any:
    """Return the memories that answer a question: as a list, or in the form v1.1 as `results`."""
    results = [shapes.hosted_fields(one, body.fields) for one in await asked(memory, body)]
    return {"results": results} if body.output_format == NEW_FORM else results


@router.post("/v2/memories/", summary="List memories (v2)")
async def list_v2(
    request: Request, memory: Library, body: ListBody, page: Page | None = None, page_size: PageSize | None = None
) -> Any:
    """Return a page of memories; in the form v1.0 its list alone."""
    answer = await paged(request, memory, body, page or body.page or 1, page_size or body.page_size or 100)
    return answer["results"] if body.output_format == OLD_FORM else answer


@router.post("/v2/memories/search/", summary="Search memories (v2)")
async def search_v2(memory: Library, body: SearchBody) -> Any:
    """Return the memories that answer a question as `results`; in the form v1.0 their list alone."""
    results = [shapes.hosted_fields(one, body.fields) for one in await asked(memory, body)]
    return results if body.output_format == OLD_FORM else {"results": results}
