"""`/api/jobs`: work that writes left behind."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from recollect.api.deps import OPERATED, Library
from recollect.api.envelope import Json
from recollect.api.idempotency import IdempotentRoute, documented
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Limit
from recollect.api.schema.job import Jobs, Retried, RetryRequest
from recollect.ops.shape import job_of

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=IdempotentRoute, responses=FAILURES)


@router.get("", response_model=Jobs, dependencies=[OPERATED], summary="List jobs")
async def jobs(memory: Library, limit: Annotated[Limit, Query()] = 100) -> Response:
    """Return jobs that are not done, parked ones first; parked are those that failed too often."""
    queue = memory.app.engine.stores.queue
    found = await queue.jobs(limit=limit)
    return Json({"jobs": [job_of(job) for job in found], "waiting": await queue.waiting()})


@router.post(
    "/retry", response_model=Retried, dependencies=[OPERATED, Depends(documented)], summary="Run parked jobs again"
)
async def retry(memory: Library, asked: RetryRequest | None = None) -> Response:
    """Make parked jobs ready again, all or those that are named; ids of others are passed over."""
    count = await memory.app.engine.stores.queue.retry(asked.ids if asked else None)
    memory.app.worker.wake()
    return Json({"retried": count})
