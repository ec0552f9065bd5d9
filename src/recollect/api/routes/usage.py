"""`GET /api/usage`: what models cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.pages import page
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Cursor, Limit, Moment
from recollect.api.schema.job import UsageAnswer
from recollect.capture.instant import instant
from recollect.models import Usage
from recollect.ops.shape import time_of
from recollect.ops.spending import by_day, by_model

router = APIRouter(prefix="/api", tags=["jobs"], responses=FAILURES)


@router.get("/usage", response_model=UsageAnswer, summary="Show what models cost")
async def usage(
    memory: Library,
    since: Annotated[Moment | None, Query()] = None,
    project_id: Annotated[str | None, Query(max_length=512)] = None,
    limit: Annotated[Limit, Query()] = 100,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Response:
    """Return calls of models since a time, the latest first; totals by purpose and model, and by day and project.

    Tokens are those the providers tell, else recollect's own estimate. `budget` is that of today, of all projects.
    """
    start = None if since is None else instant(since, "since")
    await memory.app.models.settled()
    found = await memory.app.engine.stores.records.usage(since=start)
    spent = [item for item in reversed(found) if project_id in {None, item.project_id}]

    async def top(count: int) -> Sequence[Usage]:
        return spent[:count]

    shown, following = await page(top, limit, cursor)
    standing = await memory.app.models.standing()
    return Json(
        {
            "usage": [_call(item) for item in shown],
            "totals": by_model(spent),
            "days": by_day(spent),
            "budget": {
                "tokens": standing.tokens,
                "cost": standing.dollars,
                "most_tokens": standing.most_tokens,
                "most_cost": standing.most_dollars,
                "spent": standing.spent,
            },
            "next_cursor": following,
        }
    )


def _call(item: Usage) -> dict[str, Any]:
    return {
        "at": time_of(item.at),
        "purpose": item.purpose,
        "provider": item.provider,
        "tokens_in": item.tokens_in,
        "tokens_out": item.tokens_out,
        "cost": item.cost,
        "milliseconds": item.milliseconds,
        "project_id": item.project_id,
        "outcome": item.outcome,
    }
