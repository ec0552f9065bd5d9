"""What a scrape asks the store for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from recollect.exchange import Census
from recollect.library import AsyncMemory
from recollect.models import JobState
from recollect.ops.around import Backed, Followed, Kept, Side, backed, followed, kept, sides, waited
from recollect.ops.sync.state import figures

ACTIVE: Final = timedelta(minutes=30)
"""A session is active when it had a turn since then."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How much the store holds, how many jobs there are by name and state, and how far it is with its center.

    `waited` is for how long the oldest job that could be done has waited.
    """

    census: Census
    jobs: Mapping[tuple[str, JobState], int]
    sync: Mapping[str, float] = field(default_factory=dict)
    waited: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Leaning:
    """What the store leans on: what stands beside its rows, the replica, and the last run of its policies."""

    sides: Sequence[Side]
    followed: Followed | None
    kept: Kept | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """All that a scrape tells of a store; what has not been counted yet is `None`."""

    standing: Standing | None = None
    leaning: Leaning | None = None
    backed: Backed | None = None


async def standing(memory: AsyncMemory) -> Standing:
    """Count the store."""
    app = memory.app
    census = await app.upkeep.census(datetime.now(UTC) - ACTIVE)
    jobs = await app.engine.stores.queue.count()
    return Standing(census, jobs, await figures(app), await waited(app))


async def leaning(memory: AsyncMemory) -> Leaning:
    """Ask what the store leans on."""
    app = memory.app
    return Leaning(await sides(app), followed(app), await kept(app), app.engine.now())


async def last_backup(memory: AsyncMemory) -> Backed | None:
    """Ask for the last backup."""
    return await backed(memory.app)
