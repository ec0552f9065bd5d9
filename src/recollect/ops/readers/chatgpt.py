"""Reads the data export of ChatGPT: `conversations.json`, or the zip archive that holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from recollect.capture.instant import instant
from recollect.capture.intake import ROLES
from recollect.errors import InvalidInput
from recollect.models import Role, Source, Turn
from recollect.ops.readers.array import elements
from recollect.ops.readers.spoken import Fault, Item, Spoken

CLIENT: Final = "chatgpt"
SHOWN: Final = ("text", "multimodal_text", "code")
SPEAKERS: Final = frozenset({Role.USER, Role.ASSISTANT})


def read(path: Path) -> Iterator[Item]:
    """Yield the turns of each conversation along the branch that was last shown; `line` numbers conversations.

    Left out: system and tool messages, hidden ones, reasoning and what holds no text. A conversation that is not what
    it should be comes as a fault. Raises InvalidInput where the file cannot be opened.
    """
    for found in elements(path):
        if isinstance(found, Fault):
            yield found
            continue
        number, value = found
        if not isinstance(value, Mapping) or not isinstance(value.get("mapping"), Mapping):
            yield Fault(str(path), number, "not a conversation of a ChatGPT export")
            continue
        yield from _conversation(value, path, number)


def _conversation(value: Mapping[str, Any], path: Path, number: int) -> Iterator[Item]:
    name = value.get("conversation_id") or value.get("id")
    name = name if isinstance(name, str) else f"{path.stem}-{number}"
    title = value.get("title") if isinstance(value.get("title"), str) else None
    for message in _branch(value["mapping"], value.get("current_node")):
        text = _text(message)
        role = ROLES.get(str(_object(message.get("author")).get("role")))
        if not text or role not in SPEAKERS or _hidden(message):
            continue
        stamp = message.get("create_time")
        try:
            moment = None if stamp is None else instant(stamp, "create_time")
        except InvalidInput as error:
            yield Fault(str(path), number, error.message)
            continue
        message_id = message.get("id") if isinstance(message.get("id"), str) else None
        turn = Turn(role, text, None, moment, message_id)
        yield Spoken(name, None, title, turn, Source(CLIENT, str(path), message_id), number)


def _branch(mapping: Mapping[str, Any], current: object) -> list[Mapping[str, Any]]:
    """Return the messages from the root to the current node (or the last leaf); a cycle ends the way."""
    node = current if isinstance(current, str) and current in mapping else _last_leaf(mapping)
    way: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    while isinstance(node, str) and node in mapping and node not in seen:
        seen.add(node)
        entry = _object(mapping[node])
        message = entry.get("message")
        if isinstance(message, Mapping):
            way.append(message)
        node = entry.get("parent")
    return way[::-1]


def _last_leaf(mapping: Mapping[str, Any]) -> str | None:
    leaves = [name for name, entry in mapping.items() if not _object(entry).get("children")]
    return leaves[-1] if leaves else None


def _hidden(message: Mapping[str, Any]) -> bool:
    metadata = _object(message.get("metadata"))
    recipient = message.get("recipient", "all")
    return metadata.get("is_visually_hidden_from_conversation") is True or recipient not in ("all", None)


def _text(message: Mapping[str, Any]) -> str:
    content = _object(message.get("content"))
    if content.get("content_type") not in SHOWN:
        return ""
    parts = content.get("parts")
    texts = (
        [part if isinstance(part, str) else _object(part).get("text") for part in parts]
        if isinstance(parts, list)
        else []
    )
    return "\n\n".join([text for text in [*texts, content.get("text")] if isinstance(text, str) and text.strip()])


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
