"""Finds the line of a transcript that a memory was heard from, where that transcript still lies on this machine.

What hooks hand on names the transcript and the prompt, but not the line: it is not written yet when they are called.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from recollect.errors import RecollectError
from recollect.models import Memory
from recollect.ops.readers import claude_code
from recollect.ops.readers.spoken import Spoken

MOST: Final = 64 * 1024**2
"""Bytes of a transcript that are read for one line; longer ones are left alone."""


def line_of(item: Memory, places: Iterable[str]) -> int | None:
    """Return the line (from 1) a memory stands in, `None` where that cannot be told.

    An import has noted it. Otherwise the file is read, if it is a transcript in one of `places`: a memory's file is
    what its writer said it is, and no other file of this machine is opened for that.
    """
    noted = item.metadata.get("line")
    if isinstance(noted, int) and not isinstance(noted, bool):
        return noted
    if item.source.message_id is None or item.source.client != claude_code.CLIENT:
        return None
    try:
        path = _within(item.source.file, places)
        return None if path is None else _read(path, item)
    except (OSError, ValueError, RecollectError):  # gone, not readable, or a name that no file can have
        return None


def _within(file: str | None, places: Iterable[str]) -> Path | None:
    if not file or not Path(file).is_absolute() or Path(file).suffix != ".jsonl":
        return None
    path = Path(file).resolve(strict=True)
    folders = [Path(place).expanduser().resolve() for place in places]
    is_ours = path.suffix == ".jsonl" and path.is_file() and any(path.is_relative_to(folder) for folder in folders)
    return path if is_ours and path.stat().st_size <= MOST and not zipfile.is_zipfile(path) else None


def _read(path: Path, item: Memory) -> int | None:
    """Return the line of the message; where several have its id, of the one that says the same."""
    alike = []
    for said in claude_code.read(path):
        if not isinstance(said, Spoken) or said.source.message_id != item.source.message_id:
            continue
        if said.turn.role is item.role:
            if said.turn.content.strip() == item.text.strip():
                return said.line
            alike.append(said.line)
    return alike[0] if len(alike) == 1 else None
