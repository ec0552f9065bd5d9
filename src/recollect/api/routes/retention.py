"""`/api/retention`: what policies would put away, what they did, and the way back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from recollect.api.deps import OPERATED, Library
from recollect.api.envelope import Json
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.retention import PolicyName, Preview, RunPolicies, Runs, UndoneRun
from recollect.ops.retention.run import preview, run, undo
from recollect.ops.retention.schedule import next_at
from recollect.ops.retention.shape import preview_of, run_of

router = APIRouter(prefix="/api/retention", tags=["retention"], responses=FAILURES, dependencies=[OPERATED])


@router.get("/preview", response_model=Preview, summary="Preview the policies")
async def previewed(memory: Library, policy: Annotated[PolicyName | None, Query()] = None) -> Response:
    """Return what the policies (or one) would do now. Nothing is changed. It needs ADMIN in every project."""
    app = memory.app
    chosen = app.settings.retention
    runs = await app.retention.runs(1)
    due = next_at(app, runs[0].begun_at if runs else None)
    return Json(preview_of(await preview(app, policy), chosen.undo_days, chosen.every, due))


@router.post("/run", response_model=Runs, summary="Run the policies")
async def ran(memory: Library, body: RunPolicies | None = None) -> Response:
    """Run the policies (or one), and return what those did that met anything. What is broken off is taken up again."""
    done = await run(memory.app, memory.actor, _silent, None if body is None else body.policy)
    days = memory.app.settings.retention.undo_days
    return Json({"runs": [run_of(one, days) for one in done]})


@router.get("/runs", response_model=Runs, summary="List what policies did")
async def listed(memory: Library, limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> Response:
    """Return runs, the latest first."""
    days = memory.app.settings.retention.undo_days
    return Json({"runs": [run_of(one, days) for one in await memory.app.retention.runs(limit)]})


@router.post("/runs/{run_id}/undo", response_model=UndoneRun, summary="Undo a run")
async def undid(memory: Library, run_id: Annotated[str, Path(min_length=6, max_length=64)]) -> Response:
    """Bring back what a run put away, as it was; what was changed, written again or deleted since stays as it is."""
    found, done = await undo(memory.app, memory.actor, run_id)
    days = memory.app.settings.retention.undo_days
    return Json({"run": run_of(found, days), "restored": done.restored, "kept": done.kept})


def _silent(done: int, total: int | None, note: str = "") -> None:
    """Show nobody how far it is."""
