"""`/api/viewer/upkeep` and `/backups`: what a store takes on the disk, what its caches save, and its exchange."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry

from recollect.api.deps import OPERATED, WATCHED, Library
from recollect.api.envelope import Json
from recollect.api.watch.figures import Figures
from recollect.errors import RecollectError
from recollect.ops.backup.chosen import policy_of, repository_of
from recollect.ops.backup.keep import kept
from recollect.ops.shape import time_of
from recollect.ops.sync.state import figures, state
from recollect.settings import BackupSettings, Settings

router = APIRouter(prefix="/api/viewer", include_in_schema=False)

SHOWN: Final = 20
"""Backups that are told of, the latest first."""
NAMED: Final = ("models", "logs", "spool")
"""The folders of a data directory that are told of by name; everything else is `other`."""


@router.get("/upkeep", dependencies=[WATCHED])
async def upkeep(memory: Library, request: Request) -> Response:
    """Return sizes in bytes, looks into caches since the start, and how far a node or a center is."""
    settings: Settings = request.app.state.settings
    counted: Figures = request.app.state.figures
    sizes = await asyncio.to_thread(sizes_of, settings.home, settings.database.name)
    exchange = {**await figures(memory.app), **await state(memory.app)}
    return Json({"sizes": sizes, "caches": caches_of(counted.registry), "sync": exchange})


@router.get("/backups", dependencies=[OPERATED])
async def backups(request: Request) -> Response:
    """Return the last backups of the place that the settings name, and which of them the policy keeps.

    A place that cannot be read says why.
    """
    chosen: BackupSettings = request.app.state.settings.backup
    told: dict[str, Any] = {"to": chosen.to, "every": chosen.every, "backups": [], "error": None}
    if chosen.to is None:
        return Json(told)
    try:
        return Json({**told, "backups": await asyncio.to_thread(_last, chosen)})
    except RecollectError as error:
        return Json({**told, "error": error.message})


def _last(chosen: BackupSettings) -> list[dict[str, Any]]:
    found = repository_of(chosen).snapshots()
    staying = {one.id for one in kept(found, policy_of(chosen))}
    return [
        {
            "id": one.id,
            "made_at": time_of(one.made_at),
            "memories": one.memories,
            "release": one.release,
            "kept": one.id in staying,
        }
        for one in sorted(found, key=lambda one: one.made_at, reverse=True)[:SHOWN]
    ]


def sizes_of(home: Path, database: str) -> dict[str, int]:
    """Return the bytes of a data directory by what they are for; what vanishes meanwhile counts nothing."""
    found = {"database": 0, **dict.fromkeys(NAMED, 0), "other": 0}
    for path in home.rglob("*"):
        first = path.relative_to(home).parts[0]
        sort = "database" if first.startswith(database) else first if first in NAMED else "other"
        found[sort] += _size(path)
    return {name: size for name, size in found.items() if size}


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size if path.is_file() and not path.is_symlink() else 0
    except OSError:
        return 0


def caches_of(registry: CollectorRegistry) -> dict[str, dict[str, int]]:
    """Return how often each cache was looked into since the start, by outcome."""
    found: dict[str, dict[str, int]] = {}
    for family in registry.collect():
        if family.name == "recollect_cache_lookups":
            for sample in family.samples:
                if sample.name.endswith("_total"):
                    counts = found.setdefault(sample.labels["cache"], {"hit": 0, "miss": 0})
                    counts[sample.labels["outcome"]] += int(sample.value)
    return found
