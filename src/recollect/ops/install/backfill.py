"""Finds what a client has remembered before recollect came: transcripts, notes, and claude-mem's database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recollect.app import App
from recollect.errors import InvalidInput
from recollect.ops.counts import Counts
from recollect.ops.import_ import bring_in
from recollect.ops.install.claude_code import CLIENT
from recollect.ops.install.machine import Machine
from recollect.ops.readers import claude_mem, claude_notes
from recollect.ops.readers.spoken import Item, Spoken
from recollect.ports import Tracker

DATABASE: Final = "claude-mem.db"


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be imported: what, where, in which form, and how much it is in words."""

    name: str
    path: Path
    form: str
    amount: str


def offers(client: str, machine: Machine) -> list[Offer]:
    """Return what can be imported for a client; reading it all is left to the import."""
    if client != CLIENT:
        return []
    projects = machine.claude() / "projects"
    found = [_transcripts(projects), _notes(projects), _claude_mem(machine)]
    return [offer for offer in found if offer is not None]


async def bring(app: App, offered: Sequence[Offer], tracker: Callable[[Offer], Tracker]) -> dict[Offer, Counts]:
    """Import all that is offered and return what came of each.

    A prompt that claude-mem kept of a session whose transcript is there is left to the transcript: hooks and
    transcripts know it by the same id. Safe to repeat; what is there already is passed over.
    """
    sessions = {path.stem for offer in offered if offer.form == "claude-code" for path in _sessions(offer.path)}

    def passing(item: Item) -> bool:
        return isinstance(item, Spoken) and item.source.client == claude_mem.CLIENT and item.conversation_id in sessions

    return {
        offer: await bring_in(app, offer.path, offer.form, tracker=tracker(offer), passing=passing) for offer in offered
    }


def _sessions(projects: Path) -> list[Path]:
    return list(projects.glob("*/*.jsonl"))


def _transcripts(projects: Path) -> Offer | None:
    files = _sessions(projects)
    if not files:
        return None
    size = sum(file.stat().st_size for file in files if file.is_file()) / 1e6
    return Offer("Claude Code's transcripts", projects, "claude-code", f"{len(files):,} sessions, {size:,.1f} MB")


def _notes(projects: Path) -> Offer | None:
    files = claude_notes.files(projects) if projects.is_dir() else []
    if not files:
        return None
    return Offer("Claude Code's own notes", projects, "claude-notes", f"{len(files):,} files")


def _claude_mem(machine: Machine) -> Offer | None:
    path = machine.folder("CLAUDE_MEM_DATA_DIR", machine.home / ".claude-mem") / DATABASE
    try:
        counts = claude_mem.counted(path) if claude_mem.is_one(path) else {}
    except InvalidInput:
        return None
    if not any(counts.values()):
        return None
    said = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())
    return Offer("claude-mem's database", path, "claude-mem", said)
