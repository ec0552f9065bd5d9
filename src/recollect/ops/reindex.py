"""Builds what is derived from memories anew: chunks and their terms, the word index, flags, and, if asked, vectors."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from recollect.app import App
from recollect.capture.poison import flagged
from recollect.engine import EMBED
from recollect.errors import Conflict, IndexAway, NotFound
from recollect.exchange import Batch, Revision
from recollect.models import FLAGS, Reach, Task, Where
from recollect.ports import Tracker
from recollect.process.index import index
from recollect.stores.beside.compare import Sides
from recollect.text.words import VERSION
from recollect.worker.embed import Embedding

STEP: Final = 500
"""Memories that are read at once."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many memories were looked at, how many of them had to be indexed anew, how many vectors were dropped.

    `flagged` is how many were given flags that the present rules find in their text.
    """

    memories: int
    changed: int
    dropped: int
    flagged: int = 0


async def reindex(app: App, tracker: Tracker, *, vectors: bool = False) -> Rebuilt:
    """Bring every memory's index to the present analysis; broken off, it goes on when it is repeated.

    With `vectors` all vectors are dropped. Those that are missing are left to a job, and so is what is missing or left
    over in an index beside the records, or in Neo4j.
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
    if app.indexed is not None:
        with suppress(IndexAway):  # whose jobs wait for it
            await Sides(app.database, app.indexed).compare(repair=True)
    if app.beside.graphed is not None:
        with suppress(IndexAway):
            await app.beside.graphed.compared(repair=True)
    marked = await _flag(app)
    await app.engine.stores.queue.push([Task(EMBED, {"all": True})])
    app.worker.wake()
    return Rebuilt(seen, changed, dropped, marked)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Of which model how many vectors were made, and how many there are."""

    model: str
    made: int
    vectors: int


async def prepare(app: App, tracker: Tracker) -> Prepared:
    """Make the vectors of the app's embedder that are missing, while others search by those of theirs.

    Vectors of several models lie side by side; each process searches by its own. Broken off, it goes on when it is
    repeated. Raises ProviderError.
    """
    model = app.engine.embed.model
    total = (await app.upkeep.condition(model)).unembedded
    working = Embedding(app.engine.stores.vectors, app.embedding)
    made = await working.everything(lambda done: tracker(done, max(total, done), "vectors"))
    return Prepared(model, made, (await app.upkeep.condition(model)).models.get(model, 0))


async def drop_former(app: App) -> int:
    """Drop the vectors of all models but the app's own; return how many."""
    vectors = app.engine.stores.vectors
    return sum([await vectors.drop(name) for name in await vectors.models() if name != app.engine.embed.model])


async def _flag(app: App) -> int:
    """Flag what was written before the rules knew it; return how many memories.

    None loses a flag: what it was flagged for may have been taken out of its text.
    """
    records = app.engine.stores.records
    marked, cursor, more = 0, None, True
    while more:
        page = await records.page(Where(Reach(), stale=True), limit=STEP, cursor=cursor, newest=False)
        for item in page.memories:
            metadata = flagged(item.metadata, item.text, item.title, item.speaker, known=item.flags)
            if tuple(metadata.get(FLAGS, ())) == item.flags:
                continue
            with suppress(Conflict, NotFound):  # it was changed meanwhile, and looked at by whoever changed it
                await records.commit(
                    Batch(revisions=[Revision(replace(item, metadata=metadata, version=item.version + 1))])
                )
                marked += 1
        cursor, more = page.cursor, page.cursor is not None
    return marked
