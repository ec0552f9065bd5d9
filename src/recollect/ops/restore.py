"""Takes recollect's own export into a store, line by line, in batches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recollect.app import App
from recollect.engine import EMBED
from recollect.errors import InvalidInput
from recollect.models import Task
from recollect.ops.counts import Counts
from recollect.ops.line import is_header, read
from recollect.ops.readers.lines import objects
from recollect.ops.readers.spoken import Fault
from recollect.ports import Tracker
from recollect.process.index import index

if TYPE_CHECKING:
    from recollect.exchange import Line

BATCH, MOST_CHARACTERS = 500, 8_000_000
"""Lines written in one transaction, and the most text they may hold."""


async def restore(app: App, path: Path, tracker: Tracker) -> Counts:
    """Take over an export exactly as it is and return what came of it; what the store has already stays as it is.

    Broken off, it goes on where it was when it is repeated. A line that cannot be read is counted and passed over.
    Raises InvalidInput where the file is no export, and StoreError.
    """
    counts = Counts()
    batch: list[Line] = []
    size = 0
    headed = False
    for found in objects(path):
        if isinstance(found, Fault):
            counts.add_fault(found)
            continue
        number, value = found
        if not headed:
            headed = is_header(value)
            if not headed:
                raise InvalidInput(f"{path} is no export of recollect", field="path", hint="Leave out --from.")
            continue
        try:
            line = read(value)
        except InvalidInput as error:
            counts.add_fault(Fault(str(path), number, error.message))
            continue
        batch.append(line)
        size += len(line[1].get("text", ""))
        if len(batch) >= BATCH or size >= MOST_CHARACTERS:
            await _take(app, batch, counts, tracker)
            batch, size = [], 0
    await _take(app, batch, counts, tracker)
    if counts.new:
        await app.engine.stores.queue.push([Task(EMBED, {"all": True})])
        app.worker.wake()
    return counts


async def _take(app: App, batch: list[Line], counts: Counts, tracker: Tracker) -> None:
    done = await app.dump.take(batch, index)
    turns = sum(sort == "memory" and values["position"] > 0 for sort, values in batch)
    memories = sum(sort == "memory" for sort, _ in batch)
    counts.turns += turns
    counts.notes += memories - turns
    counts.new += done.new.get("memory", 0)
    counts.duplicates += done.known
    counts.conversations += sum(sort == "conversation" for sort, _ in batch)
    tracker(counts.turns + counts.notes, None, f"{counts.new:,} new, {counts.duplicates:,} known")
