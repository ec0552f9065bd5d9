"""`/api/viewer/settings` and `/doctor`: the effective settings and the checks, as `recollect doctor` tells."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from recollect.api.deps import OPERATED
from recollect.api.envelope import Json
from recollect.ops.check import Status
from recollect.ops.doctor import examine
from recollect.settings import Loaded, Settings, load

router = APIRouter(prefix="/api/viewer", include_in_schema=False)


@router.get("/settings", dependencies=[OPERATED])
async def settings(request: Request) -> Response:
    """Return every setting in force and where its value came from, secrets masked."""
    present: Settings = request.app.state.settings
    return Json({"settings": effective(present)})


def effective(present: Settings) -> list[dict[str, Any]]:
    """Return the settings this server runs with; what files and environment do not explain was given as argument."""
    stored = load(present.home)
    known = {one.name: one for one in stored.effective()}
    return [
        {
            "name": one.name,
            "value": one.value,
            "origin": known[one.name].origin if known[one.name].value == one.value else "argument",
        }
        for one in Loaded(present, stored.origins).effective()
    ]


@router.get("/doctor", dependencies=[OPERATED])
async def doctor(request: Request) -> Response:
    """Return what `recollect doctor` finds."""
    checks = await examine(request.app.state.settings)
    told = [
        {"name": check.name, "status": check.status.value, "detail": check.detail, "remedy": check.remedy}
        for check in checks
    ]
    return Json({"ok": all(check.status is not Status.FAIL for check in checks), "checks": told})
