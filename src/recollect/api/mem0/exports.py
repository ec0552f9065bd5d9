"""Exports and summaries: what is remembered, as it stands. No model fills a schema or writes a summary here."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final
from uuid import uuid4

from fastapi import APIRouter, Request

from recollect.api.deps import Library
from recollect.api.mem0 import shapes
from recollect.api.mem0.aim import aim
from recollect.api.mem0.bodies import Conditions, ExportBody
from recollect.api.mem0.entities import counted
from recollect.api.mem0.find import listed, summaries
from recollect.api.mem0.missing import ANSWERS, Mem0Route
from recollect.api.mem0.sieve import Tree
from recollect.errors import InvalidInput, NotFound

KEPT: Final = 100
MOST: Final = 10_000

router = APIRouter(tags=["mem0"], route_class=Mem0Route, responses=ANSWERS)


def _orders(request: Request) -> OrderedDict[str, Tree]:
    """Return the exports this process was asked for: what they are about, not what they hold."""
    state = request.app.state
    if not hasattr(state, "mem0_exports"):
        state.mem0_exports = OrderedDict()
    orders: OrderedDict[str, Tree] = state.mem0_exports
    return orders


@router.post("/v1/exports/", status_code=201, summary="Order an export")
async def create_export(request: Request, memory: Library, body: ExportBody) -> dict[str, Any]:
    """Note which memories are to be exported. They are read when the export is fetched."""
    tree = body.tree()
    if tree is None:
        raise InvalidInput("filters is missing", field="filters", hint='Write {"user_id": "alice"}.')
    await aim(memory.app.owners, tree)
    orders, name = _orders(request), str(uuid4())
    orders[name] = tree
    while len(orders) > KEPT:
        orders.popitem(last=False)
    return {"message": "Memory export request received. The export is ready.", "id": name}


@router.post("/v1/exports/get/", summary="Fetch an export")
async def get_export(request: Request, memory: Library, body: ExportBody) -> dict[str, Any]:
    """Return the memories of an export, by its id or by filters; `schema_applied` is false, for no model fills it."""
    tree = body.tree()
    if body.memory_export_id is not None:
        tree = _orders(request).get(body.memory_export_id)
        if tree is None:
            raise NotFound(
                "Export not found!", hint="Exports are known until the server is started anew; give filters."
            )
    if tree is None:
        raise InvalidInput("memory_export_id and filters are missing", field="filters", hint="Give one of them.")
    found, total = await listed(memory, tree, size=MOST)
    return {
        "status": "SUCCEEDED",
        "schema_applied": False,
        "count": total,
        "memories": [shapes.hosted(one) for one in found],
    }


@router.post("/v1/summary/", summary="Summaries of runs")
async def get_summary(memory: Library, body: Conditions) -> list[dict[str, Any]]:
    """Return the summaries of the runs in reach, the newest first; a short run has none."""
    return [shapes.hosted(one) for one in await summaries(memory, body.tree())]


@router.get("/v1/stats/", summary="Figures")
async def get_stats(memory: Library) -> dict[str, Any]:
    """Return how much is remembered, and of how many."""
    by_type = {sort: await counted(memory, field) for field, sort in shapes.TYPES.items()}
    totals = {f"total_{sort}s": len(found) for sort, found in by_type.items()}
    return {"total_memories": sum(one["total_memories"] for one in by_type["user"]), **totals}
