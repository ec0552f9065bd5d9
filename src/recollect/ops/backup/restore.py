"""Makes a store from a snapshot: in a place of its own first, checked there, and only then under its name.

What was deleted after the snapshot was made stays deleted: the deletes known to the latest snapshot, and to the store
that is being replaced, are done again before anyone can look.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recollect.app import open_app
from recollect.app.tables import open_tables, wipe
from recollect.errors import BackupDamaged, Conflict
from recollect.exchange import Batch
from recollect.ops.backup.pieces import Pieces, deleted
from recollect.ops.backup.repository import Repository
from recollect.ops.backup.snapshot import Snapshot
from recollect.ports import Tracker
from recollect.settings import Settings
from recollect.stores.sql.database import prepare_home

AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to; `erased` were deleted after the snapshot was made, and are not brought back."""

    snapshot: str
    memories: int
    rows: int
    erased: int
    settings: tuple[str, ...]


async def bring_back(
    repository: Repository, snapshot: Snapshot, settings: Settings, tracker: Tracker, *, erase: bool = True
) -> Restored:
    """Restore a snapshot into the data directory that `settings` name, which must have no store yet.

    Raises Conflict where there is one, BackupDamaged where the snapshot is not whole; then nothing is left behind.
    """
    if settings.database.exists():
        raise Conflict(
            f"There is a store at {settings.database}",
            hint="Restore to another place with --to, or move this store away first.",
        )
    prepare_home(settings.home)
    gone = await asyncio.to_thread(_gone, repository, snapshot) if erase else []
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.home) as name:
        scratch = settings.model_copy(update={"home": Path(name)})
        await _fill(repository, snapshot, scratch, tracker)
        erased = await sound(scratch, gone)
        files = await asyncio.to_thread(_files, repository, snapshot, Path(name))
        kept = _put(scratch.database, settings, files)
    rows = sum(part.rows for part in snapshot.tables.values())
    return Restored(snapshot.id, snapshot.memories - erased, rows, erased, kept)


async def _fill(repository: Repository, snapshot: Snapshot, scratch: Settings, tracker: Tracker) -> None:
    """Make a store from a snapshot at an empty place."""
    tables = open_tables(scratch, snapshot.layout.schema)
    try:
        await tables.fill(Pieces(repository, snapshot, tracker), snapshot.layout)
    finally:
        await tables.close()


async def sound(scratch: Settings, gone: Sequence[str] = ()) -> int:
    """Look a restored store through, bring it to the present form, and delete what is `gone`; return how many were.

    Raises BackupDamaged where it is not sound.
    """
    app = open_app(scratch)
    try:
        problems = await app.upkeep.problems()
        if problems:
            raise BackupDamaged(f"What was restored is not sound: {problems[0]}", hint="Try another snapshot.")
        erased = 0
        for start in range(0, len(gone), AT_ONCE):
            done = await app.engine.stores.records.commit(Batch(deletes=gone[start : start + AT_ONCE]))
            erased += done.deleted
        if erased:
            await wipe(app)
        return erased
    finally:
        await app.close()


def _gone(repository: Repository, snapshot: Snapshot) -> list[str]:
    """Return what was deleted after a snapshot, as far as the latest one knows."""
    latest = repository.snapshot()
    if latest.id == snapshot.id:
        return []
    before = set(deleted(repository, snapshot))
    return [name for name in deleted(repository, latest) if name not in before]


def _files(repository: Repository, snapshot: Snapshot, folder: Path) -> list[Path]:
    """Write the settings files of a snapshot into a folder."""
    made = []
    for name, content in snapshot.files.items():
        path = folder / Path(name).name
        path.touch(mode=0o600)
        path.write_bytes(repository.get(content))
        made.append(path)
    return made


def _put(database: Path, settings: Settings, files: Sequence[Path]) -> tuple[str, ...]:
    """Put what was restored under its name; settings that are there already stay."""
    for path in files:
        if not (settings.home / path.name).exists():
            shutil.move(path, settings.home / path.name)
    for end in ("-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)
    database.replace(settings.database)
    return tuple(path.name for path in files)
