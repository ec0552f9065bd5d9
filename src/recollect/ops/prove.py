"""Forgets, and proves it: remembers what was said, deletes it everywhere, then looks for it in the raw files.

What is looked for are pieces of the texts as bytes, as they stand and as JSON writes them, in every file of the data
directory: the database and its log, spools, logs, caches. Where the store is no file that can be read, every column of
text is asked instead, and the files of a server where they are at hand. Indexes, graphs and caches beside the records
are asked too (`ops.places`). Backups are compressed or sealed, so these are asked which memories they hold.
"""

from __future__ import annotations

import asyncio
import json
import mmap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recollect.app import App
from recollect.app.former import formers
from recollect.library import AsyncMemory
from recollect.models import Change, Filter, Reach, Retire, Revise, Where
from recollect.ops.backup.chosen import repository_of
from recollect.ops.backup.pieces import read
from recollect.ops.backup.repository import Repository
from recollect.ops.places import Place, closed, few, numbered, places, said, server
from recollect.ops.retention.proof import shelves
from recollect.ports import Tracker
from recollect.retrieve.filters import matches
from recollect.stores.sql.traces import Numbers

LEAST: Final = 12
"""Bytes of a text below which finding it somewhere proves nothing."""
LONGEST: Final = 64
MOST: Final = 600
"""Pieces that are looked for; of more, every so many."""
PAGE: Final = 500
NOT_OURS: Final = ("models",)
"""Folders of the data directory that hold weights, not memories."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A piece of what was forgotten that is in a file still; `held_by` names a memory that says the same and stayed."""

    file: str
    piece: str
    held_by: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was deleted, how much was looked through for how many pieces of it, and what was found.

    `places` are those that were asked besides. `backups` are the snapshots that hold some of it still: a restore does
    not bring it back. `wasted` are memories that had been deleted before, which retention kept for an undoing.
    """

    deleted: int
    pieces: int
    files: int
    bytes: int
    traces: tuple[Trace, ...]
    backups: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    wasted: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing was found but what others still say."""
        return all(trace.held_by for trace in self.traces) and not any(place.found for place in self.places)


@dataclass(slots=True)
class Witness:
    """What is about to be forgotten: the ids, and pieces of every text there was under them.

    `wasted` are those of the ids that only retention still keeps, for an undoing.
    """

    ids: list[str]
    pieces: list[bytes]
    numbers: Numbers
    wasted: tuple[str, ...] = ()


async def witness(memory: AsyncMemory, reach: Reach, filters: Filter | None) -> Witness:
    """Gather what a forget will delete, with the texts its history holds."""
    records = memory.app.engine.stores.records
    ids: list[str] = []
    texts: dict[str, None] = {}
    cursor: str | None = None
    while True:
        page = await records.page(Where(reach, filter=filters, stale=True), limit=PAGE, cursor=cursor)
        for item in page.memories:
            ids.append(item.id)
            texts[item.text] = None
            if item.version > 1:
                texts |= dict.fromkeys(_before(await records.history(item.id)))
        cursor = page.cursor
        if cursor is None:
            break
    met = None if filters is None else lambda item: matches(filters, item)
    thrown = await memory.app.retention.thrown(reach, met)
    wasted = tuple(sorted(thrown.keys() - set(ids)))
    for name in thrown:
        texts |= dict.fromkeys(thrown[name])
    return Witness([*ids, *wasted], pieces_of(texts), await numbered(memory.app, ids), wasted)


async def look(memory: AsyncMemory, seen: Witness, deleted: int, tracker: Tracker) -> Proof:
    """Look for what was forgotten; call it when every job is done, so that deleted pages are wiped."""
    app, home = memory.app, memory.app.settings.home
    others = await server(app)
    files, size, in_files = await asyncio.to_thread(scan, home, seen.pieces, tracker, others)
    found = [(_named(path, home), piece) for path, piece in in_files]
    asked: list[Place] = []
    if closed(app):
        in_rows = await said(app, seen.pieces)
        found += in_rows
        asked.append(Place("texts", 0, f"every column of every table, for {len(few(seen.pieces)):,} pieces"))
        asked.append(_files(app, others))
    traces = await _explained(memory, found) if found else ()
    asked += await places(app, seen.numbers, seen.pieces)
    asked.append(await shelves(app, seen.ids))
    chosen = memory.app.settings.backup
    backups: tuple[str, ...] = ()
    if chosen.to is not None:
        repository = await asyncio.to_thread(repository_of, chosen, create=True)
        backups = await asyncio.to_thread(holding, repository, set(seen.ids))
    return Proof(deleted, len(seen.pieces), files, size, traces, backups, tuple(asked), seen.wasted)


def clear(memory: AsyncMemory) -> list[str]:
    """Remove the copies of the store that were kept before upgrades, which hold everything; return their names."""
    found = formers(memory.app.settings)
    for path in found:
        path.unlink(missing_ok=True)
    return [path.name for path in found]


def _files(app: App, others: Sequence[Path]) -> Place:
    """Say whether the files that hold the rows could be looked into."""
    if app.settings.store.url is None:
        note = "encrypted: not searched as it lies; its rows were, through its key, and SQLite overwrites what it frees"
        return Place("store's file", 0, note)
    if not others:
        return Place(
            "server's files", None, "not at hand: VACUUM has given up the rows, their bytes are written over later"
        )
    return Place(
        "server's files", 0, f"{len(others):,}, as they stand; not its write-ahead log, nor what it compressed"
    )


def _named(path: Path, home: Path) -> str:
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else str(path)


def pieces_of(texts: Iterable[str]) -> list[bytes]:
    """Return what to look for: of each text its beginning, middle and end, as UTF-8 and as JSON writes it."""
    made: dict[bytes, None] = {}
    for text in texts:
        for form in (text.encode("utf-8", "surrogatepass"), json.dumps(text)[1:-1].encode()):
            middle = max(0, len(form) // 2 - LONGEST // 2)
            for piece in (form[:LONGEST], form[middle : middle + LONGEST], form[-LONGEST:]):
                if len(piece) >= LEAST:
                    made[piece] = None
    every = list(made)
    return every[:: -(-len(every) // MOST)] if len(every) > MOST else every


def scan(
    home: Path, pieces: Sequence[bytes], tracker: Tracker, others: Sequence[Path] = ()
) -> tuple[int, int, list[tuple[Path, bytes]]]:
    """Look for pieces in every file of a data directory, and in others.

    Returns how many files and bytes there were, and the finds.
    """
    paths = [path for path in sorted(home.rglob("*")) if path.is_file() and _ours(path.relative_to(home))]
    paths += others
    found: list[tuple[Path, bytes]] = []
    size = 0
    for number, path in enumerate(paths):
        length = path.stat().st_size
        size += length
        if length:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                found += [(path, piece) for piece in pieces if content.find(piece) >= 0]
        tracker(number + 1, len(paths), path.name)
    return len(paths), size, found


def holding(repository: Repository, ids: set[str]) -> tuple[str, ...]:
    """Return the snapshots that hold any of these memories."""
    known: dict[str, bool] = {}
    holders = []
    for one in repository.snapshots():
        part = one.tables.get("memory")
        for name in () if part is None else part.pieces:
            if name not in known:
                piece = read(repository.get(name), "memory")
                column = piece.columns.index("id")
                known[name] = any(row[column] in ids for row in piece.rows)
        if part is not None and any(known[name] for name in part.pieces):
            holders.append(one.id)
    return tuple(holders)


async def _explained(memory: AsyncMemory, found: Sequence[tuple[str, bytes]]) -> tuple[Trace, ...]:
    """Tell of each find whether a memory that stayed says the same."""
    wanted = {piece: "" for _, piece in found}

    def compare(sort: str, values: Mapping[str, Any]) -> None:
        if sort not in ("memory", "change"):
            return
        content = "\n".join(_texts(values)).encode("utf-8", "surrogatepass")
        escaped = json.dumps(values, default=str).encode()
        for piece, holder in wanted.items():
            if not holder and (piece in content or piece in escaped):
                wanted[piece] = str(values.get("id") or values.get("memory_id") or "")

    await memory.app.dump.pour(compare)
    return tuple(Trace(name, piece.decode("utf-8", "replace"), wanted[piece]) for name, piece in found)


def _texts(values: Mapping[str, Any]) -> list[str]:
    before = values.get("before")
    texts = [values.get("text"), before.get("text") if isinstance(before, dict) else None]
    return [text for text in texts if isinstance(text, str)]


def _before(changes: Iterable[Change]) -> list[str]:
    """Return the texts that a memory had before."""
    return [change.event.before.text for change in changes if isinstance(change.event, Revise | Retire)]


def _ours(path: Path) -> bool:
    return path.parts[0] not in NOT_OURS
