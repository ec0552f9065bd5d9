"""Reads what Mem0 exports or lists: memories as a JSON array, as `{"results": […]}`, or one a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from recollect.capture.instant import instant
from recollect.errors import InvalidInput
from recollect.models import Source
from recollect.ops.readers.records import records
from recollect.ops.readers.spoken import Fault, Item, Noted

CLIENT: Final = "mem0"
LISTS: Final = ("results", "memories", "data")
TEXTS: Final = ("memory", "text", "data", "content")
KEPT: Final = ("categories", "run_id", "session_id", "actor_id", "role", "expiration_date", "updated_at")
"""Fields that recollect has no place of its own for; they go into the metadata, where it has none of that name."""


def read(path: Path) -> Iterator[Item]:
    """Yield each memory as a note with its id as message id; raise InvalidInput where the file cannot be opened.

    `app_id` becomes the project. A memory without text, or whose time cannot be read, comes as a fault.
    """
    for found in records(path, LISTS):
        yield found if isinstance(found, Fault) else _noted(found[1], path, found[0])


def _noted(record: Mapping[str, Any], path: Path, line: int) -> Noted | Fault:
    text = text_of(record)
    if not text:
        return Fault(str(path), line, "a memory without text")
    metadata = record.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        return Fault(str(path), line, f"metadata is of type {type(metadata).__name__}")
    stamp = record.get("created_at")
    try:
        moment = instant(stamp, "created_at") if stamp else None
    except InvalidInput as error:
        return Fault(str(path), line, error.message)
    kept = {name: record[name] for name in KEPT if record.get(name)}
    return Noted(
        text=text,
        user_id=_text(record.get("user_id")),
        project_id=_text(record.get("app_id")),
        agent_id=_text(record.get("agent_id")),
        created_at=moment,
        source=Source(CLIENT, str(path), _text(record.get("id"))),
        line=line,
        metadata={**kept, **(metadata or {})},
    )


def text_of(record: Mapping[str, Any]) -> str:
    """Return a memory's text, wherever this version of Mem0 keeps it; empty where there is none."""
    for name in TEXTS:
        value = record.get(name)
        if isinstance(value, Mapping):
            value = value.get("memory")
        if isinstance(value, str) and value.strip():
            return value
    return ""


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
