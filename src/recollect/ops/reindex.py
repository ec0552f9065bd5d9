"""Builds what is derived from memories anew: chunks and their terms, the word index, and, if asked, vectors."""

from __future__ import annotations

from dataclasses import dataclass

from recollect.app import App
from recollect.engine import EMBED
from recollect.models import Task
from recollect.ports import Tracker
from recollect.process.index import index
from recollect.text.words import VERSION


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many memories were looked at, how many of them had to be indexed anew, how many vectors were dropped."""

    memories: int
    changed: int
    dropped: int


async def reindex(app: App, tracker: Tracker, *, vectors: bool = False) -> Rebuilt:
    """Bring every memory's index to the present analysis; broken off, it goes on when it is repeated.

    With `vectors` all vectors are dropped. Those that are missing are left to a job.
    """
    dropped = await app.engine.stores.vectors.drop() if vectors else 0
    total = (await app.upkeep.condition(app.engine.embed.model)).memories
    seen = changed = 0
    last: int | None = 0
    while last is not None:
        step = await app.upkeep.reindex(last, index)
        last, seen, changed = step.last, seen + step.seen, changed + step.changed
        tracker(seen, max(total, seen), "memories")
    await app.upkeep.settle(VERSION)
    await app.engine.stores.queue.push([Task(EMBED, {"all": True})])
    app.worker.wake()
    return Rebuilt(seen, changed, dropped)
