"""Reads plain messages, `{"role": …, "content": …}` and more, one a line or in an array: recollect's demo is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from recollect.capture.intake import turn_of
from recollect.errors import InvalidInput
from recollect.models import Source
from recollect.ops.readers.records import records
from recollect.ops.readers.spoken import Fault, Item, Spoken

CLIENT: Final = "messages"
LISTS: Final = ("messages", "turns")
OTHER_NAMES: Final = {
    "content": ("text",),
    "speaker": ("name",),
    "occurred_at": ("timestamp", "created_at"),
    "message_id": ("id", "uuid"),
}


def read(path: Path) -> Iterator[Item]:
    """Yield each message as a turn; a conversation without an id is named after the file.

    A message that cannot be used comes as a fault that says why. Raises InvalidInput where the file cannot be opened.
    """
    for found in records(path, LISTS):
        yield found if isinstance(found, Fault) else _spoken(found[1], path, found[0])


def _spoken(record: Mapping[str, Any], path: Path, line: int) -> Spoken | Fault:
    given = {"role": record.get("role"), "metadata": record.get("metadata")}
    for name, others in OTHER_NAMES.items():
        given[name] = next((record[key] for key in (name, *others) if record.get(key) is not None), None)
    if isinstance(given["message_id"], int):
        given["message_id"] = str(given["message_id"])
    try:
        turn = turn_of(given, line)
    except InvalidInput as error:
        return Fault(str(path), line, error.message.removeprefix(f"turns[{line}]."))
    return Spoken(
        conversation_id=_text(record.get("conversation_id")) or path.stem,
        project_id=_text(record.get("project_id")),
        title=_text(record.get("title")),
        turn=turn,
        source=Source(CLIENT, str(path), turn.message_id),
        line=line,
        agent_id=_text(record.get("agent_id")),
    )


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
