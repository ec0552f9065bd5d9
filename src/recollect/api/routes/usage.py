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

router = APIRouter(prefix="/api", tags=["jobs"], responses=FAILURES)


@router.get("/usage", response_model=UsageAnswer, summary="Show what models cost")
async def usage(
    memory: Library,
    since: Annotated[Moment | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 100,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Response:
    """Return calls of models since a time, the latest first, and totals by purpose and model.

    Tokens of chat are counted here, by recollect's own estimate.
    """
    start = None if since is None else instant(since, "since")
    spent = list(reversed(await memory.app.engine.stores.records.usage(since=start)))

    async def top(count: int) -> Sequence[Usage]:
        return spent[:count]

    found, following = await page(top, limit, cursor)
    return Json({"usage": [_call(item) for item in found], "totals": _totals(spent), "next_cursor": following})


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
    }


def _totals(spent: Sequence[Usage]) -> list[dict[str, Any]]:
    totals: dict[tuple[str, str], dict[str, Any]] = {}
    for item in spent:
        zero = {"purpose": item.purpose, "provider": item.provider, "calls": 0, "tokens_in": 0, "tokens_out": 0}
        row = totals.setdefault((item.purpose, item.provider), {**zero, "cost": 0.0})
        row["calls"] += 1
        row["tokens_in"] += item.tokens_in
        row["tokens_out"] += item.tokens_out
        row["cost"] += item.cost
    return sorted(totals.values(), key=lambda row: (-row["cost"], row["purpose"], row["provider"]))
