"""What a store leans on beside its rows, and what is to happen to it now and then: for metrics, health and the doctor.

Each part says for itself where it cannot be asked; nothing here raises for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta

from recollect.app import App
from recollect.errors import IndexAway, NotFound, RecollectError
from recollect.ops.backup.chosen import repository_of
from recollect.ops.retention.schedule import last_at, next_at
from recollect.stores.neo4j.outbox import waiting as waiting_for_graph
from recollect.stores.sql.figures import oldest_job


@dataclass(frozen=True, slots=True)
class Side:
    """An index or a graph beside the records: whether it answers, and how many changes it has not heard of."""

    name: str
    answers: bool
    waiting: int


@dataclass(frozen=True, slots=True)
class Backed:
    """When the last backup was made, `None` where there is none; `error` says why the place cannot be read."""

    last: datetime | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """Policies: when the one that waits longest last ran, when the next run is due, and the names of those that failed.

    `last` is `None` where one never ran, `due` where no server runs them.
    """

    last: datetime | None
    due: datetime | None
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Followed:
    """Whether searches read the replica, and for how many seconds it has lacked something; `None`: it is away."""

    read: bool
    behind: float | None


async def sides(app: App) -> list[Side]:
    """Return how far what stands beside the records has followed them."""
    found = []
    indexed, graphed = app.indexed, app.beside.graphed
    if indexed is not None:
        waiting = await app.database.read(indexed.outbox.waiting)
        found.append(Side("index", await _answers(indexed.asked(indexed.index.count(app.engine.embed.model))), waiting))
    if graphed is not None:
        found.append(Side("graph", await _answers(graphed.ping()), await app.database.read(waiting_for_graph)))
    return found


async def backed(app: App) -> Backed | None:
    """Return when the last backup was made where the settings name a place for backups; asks that place."""
    chosen = app.settings.backup
    if chosen.to is None:
        return None

    def look() -> Backed:
        try:
            return Backed(repository_of(chosen).snapshot().made_at)
        except NotFound:
            return Backed(None)
        except RecollectError as error:
            return Backed(None, error.message)

    return await asyncio.to_thread(look)


async def kept(app: App) -> Kept | None:
    """Return how it stands with retention where the settings have policies."""
    if not app.settings.retention.policies:
        return None
    failed = tuple(dict.fromkeys(run.policy for run in await app.retention.broken()))
    return Kept(await last_at(app), await next_at(app), failed)


def followed(app: App) -> Followed | None:
    """Return how the replica does, where there is one."""
    found = app.database.behind
    return None if found is None else Followed(*found)


async def waited(app: App) -> timedelta:
    """Return for how long the oldest job that could be done has waited; nothing where none does."""
    since = await app.database.read(oldest_job)
    return timedelta() if since is None else max(timedelta(), app.engine.now() - since)


async def _answers(asked: Awaitable[object]) -> bool:
    try:
        await asked
    except IndexAway:
        return False
    return True
