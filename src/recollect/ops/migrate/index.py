"""Fills another index of vectors while the one there is answers, so that changing over leaves no gap in searches."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from recollect.app.beside import open_beside
from recollect.app.moving import store_of
from recollect.ports import Tracker
from recollect.settings import Settings
from recollect.stores.beside.compare import Sides
from recollect.stores.beside.vectors import IndexedVectors
from recollect.stores.sql.database import Database


@dataclass(frozen=True, slots=True)
class Filled:
    """How many vectors the index was told of, how many it has, and how many it lacks of those in the records."""

    told: int
    held: int
    missing: int

    @property
    def good(self) -> bool:
        """Whether it has all."""
        return not self.missing


def fill(settings: Settings, tracker: Tracker) -> Filled:
    """Fill the index that the settings name, which need not be the one in use. Raises IndexAway; repeated, it goes on.

    From then on the database notes for it what changes, whichever index the processes that write have open.
    """
    with store_of(settings) as database:
        return asyncio.run(_filled(settings, database, tracker))


async def _filled(settings: Settings, database: Database, tracker: Tracker) -> Filled:
    alone = settings.model_copy(update={"graph": type(settings.graph).model_validate({})})
    indexed = open_beside(alone, database).indexed
    if indexed is None:
        return Filled(0, 0, 0)
    try:
        total = await database.read(indexed.outbox.waiting)
        told = 0
        while step := await indexed.follow_some():
            told += step
            tracker(told, max(total, told), "vectors")
        return await _compared(database, indexed, told)
    finally:
        await indexed.close()


async def _compared(database: Database, indexed: IndexedVectors, told: int) -> Filled:
    """Compare both sides; what was written in between is told, and compared once more."""
    sides = Sides(database, indexed)
    found = await sides.compare(repair=True)
    if found.differing:
        told += await indexed.follow()
        found = await sides.compare()
    missing = sum(one.missing for one in found.models)
    return Filled(told, sum(one.index for one in found.models), max(missing - found.waiting, 0))
