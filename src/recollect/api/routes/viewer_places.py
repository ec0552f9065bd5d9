"""`/api/viewer/places`: whose memories there are, for the viewer's switch."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.library import AsyncMemory
from recollect.models import Owner, System
from recollect.ops.shape import time_of

router = APIRouter(prefix="/api/viewer", include_in_schema=False)

MOST: Final = 2000
NAMED: Final = 100
LOOKED: Final = 300
SENT: Final = ("turn", "observation", "note")


@router.get("/places")
async def places(memory: Library) -> Response:
    """Return users and projects with how much is remembered of each, those that were written to last first."""
    owners = memory.app.owners
    users = await owners.owners("user_id", limit=MOST)
    projects = await owners.owners("project_id", limit=MOST)
    named = await _named(memory, {one.name for one in projects})
    told = {"users": _told(users), "projects": _told(projects + named)}
    return Json({**told, "clients": await _clients(memory), "head": await _head(memory)})


async def _named(memory: AsyncMemory, known: set[str]) -> list[Owner]:
    """Return the projects that are reached only by name: strict ones that whoever looks may read."""
    if isinstance(memory.actor, System):
        return []
    readable = [seen.project for seen in await memory.people.projects.list() if seen.project.id not in known]
    found = []
    for project in readable[:NAMED]:
        counted = await memory.stats(project_id=project.id)
        if counted.memories:
            found.append(Owner("project_id", project.id, counted.memories, project.created_at, project.created_at))
    return found


async def _clients(memory: AsyncMemory) -> list[str]:
    """Return the clients that sent something of late, for the stream's filter."""
    page = await memory.list(kinds=SENT, limit=LOOKED)
    return sorted({item.source.client for item in page.memories if item.source.client})


async def _head(memory: AsyncMemory) -> int:
    """Return the present end of the change log: what a page that is read now already holds."""
    return await memory.app.engine.stores.records.head()


def _told(owners: list[Owner]) -> list[dict[str, Any]]:
    latest = sorted(owners, key=lambda one: one.last_at, reverse=True)
    return [{"name": one.name, "memories": one.memories, "last_at": time_of(one.last_at)} for one in latest]
