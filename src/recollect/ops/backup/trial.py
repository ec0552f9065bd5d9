"""Proves a backup: reads all of it, restores it into a scratch place, and compares that with what it should be."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from recollect.app.side import plain
from recollect.app.tables import HEAD, open_tables
from recollect.exchange import Piece
from recollect.ops.backup.pieces import Pieces, written
from recollect.ops.backup.repository import Repository
from recollect.ops.backup.restore import sound
from recollect.ops.backup.snapshot import Snapshot
from recollect.ports import Tracker
from recollect.settings import Settings


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial found: rows compared, and the tables that differ (none: the backup is good)."""

    snapshot: str
    memories: int
    rows: int
    differing: tuple[str, ...]


async def try_out(repository: Repository, snapshot: Snapshot, settings: Settings, tracker: Tracker) -> Tried:
    """Restore a snapshot into a scratch place among the system's temporary files and compare it row by row.

    Raises BackupDamaged where it cannot be restored.
    """
    with tempfile.TemporaryDirectory(prefix="recollect-trial-") as name:
        scratch = plain(settings, Path(name))
        differing = await _refilled(repository, snapshot, scratch, tracker)
        await sound(scratch)
    return Tried(snapshot.id, snapshot.memories, sum(part.rows for part in snapshot.tables.values()), differing)


async def _refilled(repository: Repository, snapshot: Snapshot, scratch: Settings, tracker: Tracker) -> tuple[str, ...]:
    """Fill an empty store and read it again; return the tables whose pieces are no longer the same."""
    tables = open_tables(scratch, snapshot.layout.schema)
    again: dict[str, list[str]] = {}

    def compare(piece: Piece) -> None:
        again.setdefault(piece.table, []).append(repository.seal.name(written(piece)))

    try:
        await tables.fill(Pieces(repository, snapshot, tracker), snapshot.layout)
        for name in snapshot.boxes.values():
            await asyncio.to_thread(repository.get, name)
        if snapshot.layout.schema != HEAD:
            return ()  # rows of an earlier form are compared by the upgrade's own tests
        await tables.copy(compare)
    finally:
        await tables.close()
    names = snapshot.tables.keys() | again.keys()
    return tuple(
        sorted(
            name
            for name in names
            if tuple(again.get(name, ())) != (snapshot.tables[name].pieces if name in snapshot.tables else ())
        )
    )
