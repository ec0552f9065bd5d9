"""Makes a backup while the store is being used: from one view of it, and only what has changed is written."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from recollect.app import App
from recollect.capture.ids import new_id
from recollect.exchange import Piece
from recollect.ops.backup.pieces import BOX, cold_boxes, written
from recollect.ops.backup.repository import Repository
from recollect.ops.backup.snapshot import Part, Snapshot
from recollect.ports import Tables, Tracker
from recollect.version import __version__

FILES: Final = ("recollect.toml", "recollect.yaml", "recollect.yml")
"""Settings files; they may hold keys, so they are kept in sealed backups only."""
MOST_OF_A_FILE: Final = 1 << 20


@dataclass(slots=True)
class Made:
    """What a backup came to: rows and bytes it stands for, and what had to be written for it."""

    snapshot: str = ""
    memories: int = 0
    rows: int = 0
    bytes: int = 0
    new_objects: int = 0
    new_bytes: int = 0
    left_out: list[str] = field(default_factory=list)


class _Writer:
    """Takes pieces on the store's thread and puts them into the repository."""

    def __init__(self, repository: Repository, tracker: Tracker) -> None:
        self._repository, self._tracker = repository, tracker
        self._known = {name for one in repository.snapshots() for name in one.objects()}
        self.made = Made()
        self.rows: dict[str, int] = defaultdict(int)
        self.pieces: dict[str, list[str]] = defaultdict(list)
        self.cold: dict[str, int] = {}

    def piece(self, piece: Piece) -> None:
        """Keep a piece."""
        self.pieces[piece.table].append(self.keep(written(piece)))
        self.rows[piece.table] += len(piece.rows)
        if piece.table == BOX:
            self.cold.update(cold_boxes(piece))
        self.made.rows += len(piece.rows)
        self._tracker(self.made.rows, None, f"{self.made.new_bytes / 1e6:,.1f} MB new")

    def keep(self, plain: bytes) -> str:
        """Keep some bytes, counted."""
        before = len(self._known)
        name = self._repository.put(plain, self._known)
        self.made.bytes += len(plain)
        if len(self._known) > before:
            self.made.new_objects += 1
            self.made.new_bytes += len(plain)
        return name


async def back_up(app: App, tables: Tables, repository: Repository, tracker: Tracker) -> Made:
    """Write a snapshot of everything the store holds, and return what it came to.

    Broken off, it leaves no snapshot, only objects that the next sweep removes. Raises StoreError, and Conflict where
    another backup is being made.
    """
    now = app.engine.now()
    async with locked(repository):
        writer = await asyncio.to_thread(_Writer, repository, tracker)
        layout = await tables.copy(writer.piece)
        boxes = await _boxes(writer, app, repository) if app.settings.backup.cold else {}
        files = await asyncio.to_thread(_files, writer, app.settings.home, closed=repository.seal.closed)
        snapshot = Snapshot(new_id(now), now, __version__, layout, _parts(writer), files, boxes)
        await asyncio.to_thread(repository.add, snapshot)
    made = writer.made
    made.snapshot, made.memories = snapshot.id, snapshot.memories
    return made


@asynccontextmanager
async def locked(repository: Repository) -> AsyncIterator[None]:
    """Hold the repository's lock; taking and giving it back may wait for a network, on a thread of its own."""
    lock = repository.locked()
    await asyncio.to_thread(lock.__enter__)
    try:
        yield
    finally:
        await asyncio.to_thread(lock.__exit__, None, None, None)


async def _boxes(writer: _Writer, app: App, repository: Repository) -> dict[str, str]:
    """Keep the texts that lie in object storage; those of the last backup are there already, for they never change."""
    snapshots = await asyncio.to_thread(repository.snapshots)
    before = dict(snapshots[-1].boxes) if snapshots else {}
    found: dict[str, str] = {}
    for name, key in writer.cold.items():
        if name not in before:
            body = await app.retention.boxes.body(key)
            before[name] = await asyncio.to_thread(writer.keep, body)
        found[name] = before[name]
    return found


def _parts(writer: _Writer) -> dict[str, Part]:
    return {name: Part(writer.rows[name], tuple(pieces)) for name, pieces in writer.pieces.items()}


def _files(writer: _Writer, home: Path, *, closed: bool) -> dict[str, str]:
    """Keep the settings files; without a passphrase they stay out, and that is said."""
    found = [home / name for name in FILES if (home / name).is_file()]
    if not closed:
        writer.made.left_out += [path.name for path in found]
        return {}
    small: Sequence[Path] = [path for path in found if path.stat().st_size <= MOST_OF_A_FILE]
    return {path.name: writer.keep(path.read_bytes()) for path in small}
