"""`/api/retention`: what policies would put away, what they did, and the way back."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, FastAPI, Path, Query, Request, Response

from recollect.api.deps import OPERATED, Library
from recollect.api.envelope import Json
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.retention import PolicyName, Preview, RunPolicies, Runs, UndoneRun
from recollect.ops.retention.asked import Asked, running
from recollect.ops.retention.run import preview, undo
from recollect.ops.retention.schedule import next_at
from recollect.ops.retention.shape import preview_of, run_of

PATIENCE: Final = 30.0
"""Seconds that a request waits for the end of a run."""

router = APIRouter(prefix="/api/retention", tags=["retention"], responses=FAILURES, dependencies=[OPERATED])


def install(app: FastAPI) -> None:
    """Give an application what runs policies for those who ask; it leaves off when the server stops."""
    app.state.retention = Asked()
    app.state.drain.tell(app.state.retention.stop)


@router.get("/preview", response_model=Preview, summary="Preview the policies")
async def previewed(memory: Library, policy: Annotated[PolicyName | None, Query()] = None) -> Response:
    """Return what the policies (or one) would do now. Nothing is changed. It needs ADMIN in every project."""
    app = memory.app
    chosen = app.settings.retention
    return Json(preview_of(await preview(app, policy), chosen.undo_days, chosen.every, await next_at(app)))


@router.post(
    "/run",
    response_model=Runs,
    summary="Run the policies",
    responses={202: {"model": Runs, "description": "It takes longer, and goes on: these runs are under way"}},
)
async def ran(request: Request, memory: Library, body: RunPolicies | None = None) -> Response:
    """Run the policies (or one), and return what those did that met anything. What is broken off is taken up again.

    After half a minute (or half of `server.request_timeout`) it answers 202 with the runs that are under way, and goes
    on; `GET /api/retention/runs` says `running` until it is over.
    """
    asked: Asked = request.app.state.retention
    wait = min(PATIENCE, memory.app.settings.server.request_timeout / 2)
    done = await asked.run(memory.app, memory.actor, None if body is None else body.policy, wait)
    days = memory.app.settings.retention.undo_days
    shown = await running(memory.app) if done is None else done
    told = {"runs": [run_of(one, days) for one in shown], "running": done is None}
    return Json(told, status_code=202 if done is None else 200)


@router.get("/runs", response_model=Runs, summary="List what policies did")
async def listed(request: Request, memory: Library, limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> Response:
    """Return runs, the latest first; `running` says whether this server is at work on what it was asked to run."""
    asked: Asked = request.app.state.retention
    days = memory.app.settings.retention.undo_days
    found = await memory.app.retention.runs(limit)
    return Json({"runs": [run_of(one, days) for one in found], "running": asked.running})


@router.post("/runs/{run_id}/undo", response_model=UndoneRun, summary="Undo a run")
async def undid(memory: Library, run_id: Annotated[str, Path(min_length=6, max_length=64)]) -> Response:
    """Bring back what a run put away, as it was; what was changed, written again or deleted since stays as it is."""
    found, done = await undo(memory.app, memory.actor, run_id)
    days = memory.app.settings.retention.undo_days
    return Json({"run": run_of(found, days), "restored": done.restored, "kept": done.kept})
