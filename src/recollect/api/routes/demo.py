"""`/api/viewer/demo`: the sample conversation of `recollect demo`, in a project of its own, and its removal."""

from __future__ import annotations

import asyncio
from importlib.resources import as_file, files
from typing import Final

from fastapi import APIRouter, Request, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.ops.import_ import Place, bring_in

router = APIRouter(prefix="/api/viewer/demo", include_in_schema=False)

PROJECT: Final = "recollect-demo"


@router.get("")
async def present(memory: Library) -> Response:
    """Say how much of the sample is there."""
    stats = await memory.stats(project_id=PROJECT)
    return Json({"project_id": PROJECT, "memories": stats.memories})


@router.post("")
async def bring(memory: Library, request: Request) -> Response:
    """Load the sample; what of it is there already is passed over."""
    conversations = files("recollect") / "data" / "demo" / "conversations.jsonl"
    async with _turn(request):
        with as_file(conversations) as path:
            counts = await bring_in(memory.app, path, "messages", Place(project_id=PROJECT), file="demo")
    memory.app.worker.wake()
    return Json({"project_id": PROJECT, "turns": counts.turns, "new": counts.new})


@router.delete("")
async def remove(memory: Library, request: Request) -> Response:
    """Remove the project of the sample and all that is in it, once it is loaded whole if it is being loaded."""
    async with _turn(request):
        return Json({"project_id": PROJECT, "deleted": await memory.forget(project_id=PROJECT)})


def _turn(request: Request) -> asyncio.Lock:
    """Return what keeps loading and removing from happening at once."""
    state = request.app.state
    if not hasattr(state, "demo"):
        state.demo = asyncio.Lock()
    turn: asyncio.Lock = state.demo
    return turn
