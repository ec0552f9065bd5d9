"""`/api/viewer/spending`: what models cost by day and model, added up for the viewer's charts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from recollect.api.deps import WATCHED, Library
from recollect.api.envelope import Json
from recollect.models import Usage
from recollect.ops.spending import KEPT

router = APIRouter(prefix="/api/viewer", include_in_schema=False)


@router.get("/spending", dependencies=[WATCHED])
async def spending(memory: Library, days: Annotated[int, Query(ge=1, le=366)] = 30) -> Response:
    """Return calls, tokens and money by day (UTC) and model, the earliest day first: only of what models were asked."""
    since = memory.app.engine.now() - timedelta(days=days)
    await memory.app.models.settled()
    found = await memory.app.engine.stores.records.usage(since=since)
    return Json({"days": added_up([one for one in found if one.outcome and one.outcome not in KEPT])})


def added_up(spent: list[Usage]) -> list[dict[str, Any]]:
    """Return one row for each day and model."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for item in spent:
        day = item.at.date().isoformat()
        zero = {"day": day, "model": item.provider, "calls": 0, "tokens": 0, "cost": 0.0}
        row = rows.setdefault((day, item.provider), zero)
        row["calls"] += 1
        row["tokens"] += item.tokens_in + item.tokens_out
        row["cost"] += item.cost
    return [rows[key] for key in sorted(rows)]
