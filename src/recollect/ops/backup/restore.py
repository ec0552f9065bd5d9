"""Makes a store from a snapshot: in a place of its own first, checked there, and only then under its name.

What was deleted after the snapshot was made stays deleted: the deletes known to the latest snapshot, and to the store
that is being replaced, are done again before anyone can look.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recollect.app import open_app
from recollect.app.side import beside
from recollect.app.tables import gone_at, index_vectors, open_tables, wipe
from recollect.errors import BackupDamaged, RecollectError
from recollect.exchange import Batch, Gone
from recollect.models import Forgotten
from recollect.ops.backup.pieces import Pieces, deleted, forgotten
from recollect.ops.backup.repository import Repository
from recollect.ops.backup.snapshot import Snapshot
from recollect.ports import Tracker
from recollect.settings import Settings

log = logging.getLogger(__name__)

AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to; `erased` were deleted after the snapshot was made, and are not brought back.

    `aside` is where the store is now that was replaced, if one was.
    """

    snapshot: str
    memories: int
    rows: int
    erased: int
    settings: tuple[str, ...]
    aside: str | None = None


async def bring_back(
    repository: Repository,
    snapshot: Snapshot,
    settings: Settings,
    tracker: Tracker,
    *,
    erase: bool = True,
    replace: bool = False,
) -> Restored:
    """Restore a snapshot to where `settings` keep their store: the data directory, or the schema of a server.

    Raises Conflict where there is a store that is not to be replaced, BackupDamaged where the snapshot is not whole;
    then nothing is changed. A store that is replaced is put aside, and what was deleted in it stays deleted.
    """
    with beside(settings, replace=replace) as side:
        gone = await _gone(repository, snapshot, settings) if erase else Gone()
        await _fill(repository, snapshot, side.scratch, tracker)
        erased = await sound(side.scratch, gone)
        files = await asyncio.to_thread(_files, repository, snapshot, side.scratch.home)
        aside = await asyncio.to_thread(side.put)
        kept = _keep(settings, files)
    rows = sum(part.rows for part in snapshot.tables.values())
    return Restored(snapshot.id, snapshot.memories - erased, rows, erased, kept, aside)


async def _fill(repository: Repository, snapshot: Snapshot, scratch: Settings, tracker: Tracker) -> None:
    """Make a store from a snapshot at an empty place."""
    tables = open_tables(scratch, snapshot.layout.schema)
    try:
        await tables.fill(Pieces(repository, snapshot, tracker, thawed=True), snapshot.layout)
    finally:
        await tables.close()


async def sound(scratch: Settings, gone: Gone | None = None) -> int:
    """Look a restored store through, bring it to the present form, and delete what is `gone`; return how many were.

    Raises BackupDamaged where it is not sound.
    """
    gone = gone or Gone()
    app = open_app(scratch)
    try:
        problems = await app.upkeep.problems()
        if problems:
            raise BackupDamaged(f"What was restored is not sound: {problems[0]}", hint="Try another snapshot.")
        await index_vectors(app)
        for worker in await app.engine.stores.queue.workers():  # of the store that was backed up, not of this one
            await app.engine.stores.queue.release(worker)
        erased = await app.sync.agree(gone.orders, lambda _: True)
        for start in range(0, len(gone.ids), AT_ONCE):
            done = await app.engine.stores.records.commit(Batch(deletes=gone.ids[start : start + AT_ONCE]))
            erased += done.deleted
        if erased:
            await wipe(app)
        return erased
    finally:
        await app.close()


async def _gone(repository: Repository, snapshot: Snapshot, settings: Settings) -> Gone:
    """Return what was forgotten after a snapshot, as far as the latest one knows, and the store that is replaced."""
    latest = await asyncio.to_thread(repository.snapshot)
    ids: dict[str, None] = {}
    orders: list[Forgotten] = []
    if latest.id != snapshot.id:
        before = await asyncio.to_thread(deleted, repository, snapshot)
        ids |= dict.fromkeys(await asyncio.to_thread(deleted, repository, latest))
        ids = {name: None for name in ids if name not in before}
        orders += await asyncio.to_thread(forgotten, repository, latest)
    there = await _there(settings)
    return Gone(tuple(ids | dict.fromkeys(there.ids)), (*orders, *there.orders))


async def _there(settings: Settings) -> Gone:
    """Return what was forgotten in the store that is there, as far as it can still be read."""
    try:
        return await asyncio.to_thread(gone_at, settings)
    except RecollectError as error:
        log.warning("What was deleted in the store that is replaced cannot be read: %s", error.message)
        return Gone()


def _files(repository: Repository, snapshot: Snapshot, folder: Path) -> list[Path]:
    """Write the settings files of a snapshot into a folder."""
    made = []
    for name, content in snapshot.files.items():
        path = folder / Path(name).name
        path.touch(mode=0o600)
        path.write_bytes(repository.get(content))
        made.append(path)
    return made


def _keep(settings: Settings, files: Sequence[Path]) -> tuple[str, ...]:
    """Put settings files where they belong; those that are there already stay."""
    for path in files:
        if not (settings.home / path.name).exists():
            shutil.move(path, settings.home / path.name)
    return tuple(path.name for path in files)
