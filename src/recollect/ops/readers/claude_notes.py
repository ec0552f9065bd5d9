"""Reads the notes that Claude Code keeps by itself: `<projects>/<folder>/memory/*.md`, a section a note."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from recollect.agents.folder import begun_in, project_in
from recollect.capture.normalise import decode
from recollect.models import Source
from recollect.ops.readers.document import unreadable
from recollect.ops.readers.spoken import Fault, Item, Noted

CLIENT: Final = "claude-code"
LARGEST: Final = 4 << 20
LINES: Final = 200
"""Lines of a transcript that are looked into for the folder it was begun in."""
_HEADING: Final = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE: Final = re.compile(r"^\s*(```|~~~)")
_FRONT: Final = re.compile(r"\A---\r?\n.*?^---\s*$\r?\n?", re.DOTALL | re.MULTILINE)


def files(path: Path) -> list[Path]:
    """Return the files of notes at a path: one file, a folder of them, or the folder of all projects."""
    if not path.is_dir():
        return [path]
    found = path.glob("*.md") if path.name == "memory" else path.glob("*/memory/**/*.md")
    return sorted(file for file in found if file.is_file())


def read(path: Path) -> Iterator[Item]:
    """Yield the notes, each under its headings; what cannot be read comes as a fault.

    The project is the one whose transcripts lie beside the notes. A note that says what it said before is known again.
    """
    for file in files(path):
        try:
            if file.stat().st_size > LARGEST:
                yield Fault(str(file), 0, f"larger than {LARGEST >> 20} MB")
                continue
            data, moment = file.read_bytes(), datetime.fromtimestamp(file.stat().st_mtime, UTC)
        except OSError as error:
            if file == path:
                raise unreadable(path, error) from error
            yield Fault(str(file), 0, error.strerror or str(error))
            continue
        project = _project(file)
        for line, text in sections(_FRONT.sub("", decode(data).removeprefix("\ufeff"))):
            name = f"notes/{file.name[:80]}/{line}"
            yield Noted(text, None, project, None, moment, Source(CLIENT, str(file), name), line, {"category": "notes"})


def sections(text: str) -> Iterator[tuple[int, str]]:
    """Yield each section that says something: its first line (from 1) and its text under the headings above it."""
    above: list[tuple[int, str]] = []
    body: list[str] = []
    start, fenced = 1, False
    for number, line in enumerate(text.splitlines(), 1):
        fenced ^= _FENCE.match(line) is not None
        found = None if fenced else _HEADING.match(line)
        if found is None:
            body.append(line)
            continue
        yield from _section(start, above, body)
        above = [*(pair for pair in above if pair[0] < len(found[1])), (len(found[1]), found[2])]
        start, body = number, []
    yield from _section(start, above, body)


def _section(start: int, above: list[tuple[int, str]], body: list[str]) -> Iterator[tuple[int, str]]:
    said = "\n".join(body).strip()
    if said:
        yield start, "\n".join([*([" / ".join(title for _, title in above)] if above else []), said])


def _project(file: Path) -> str | None:
    """Return the project whose transcripts lie beside the folder of notes."""
    folder = next((place.parent for place in file.parents if place.name == "memory"), None)
    for transcript in sorted(folder.glob("*.jsonl")) if folder else ():
        cwd = _begun(transcript)
        if folder and cwd:
            return project_in(begun_in(cwd, [folder.name]))
    return None


def _begun(transcript: Path) -> str | None:
    try:
        with transcript.open("rb") as lines:
            for line in islice(lines, LINES):
                entry = json.loads(line)
                if isinstance(entry, dict) and isinstance(entry.get("cwd"), str) and entry["cwd"]:
                    return str(entry["cwd"])
    except (OSError, ValueError, RecursionError):
        return None
    return None
