"""Reads the data export of Claude.ai: `conversations.json`, or the zip archive that holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from recollect.capture.instant import instant
from recollect.errors import InvalidInput
from recollect.models import Role, Source, Turn
from recollect.ops.readers.array import elements
from recollect.ops.readers.spoken import Fault, Item, Spoken

CLIENT: Final = "claude-ai"
SENDERS: Final = {"human": Role.USER, "assistant": Role.ASSISTANT}


def read(path: Path) -> Iterator[Item]:
    """Yield the turns of each conversation in order; `line` numbers conversations.

    Thinking, tool use and empty messages are left out; the text of attached files is not taken. A conversation that is
    not what it should be comes as a fault. Raises InvalidInput where the file cannot be opened.
    """
    for found in elements(path):
        if isinstance(found, Fault):
            yield found
            continue
        number, value = found
        if not isinstance(value, Mapping) or not isinstance(value.get("chat_messages"), list):
            yield Fault(str(path), number, "not a conversation of a Claude.ai export")
            continue
        yield from _conversation(value, path, number)


def _conversation(value: Mapping[str, Any], path: Path, number: int) -> Iterator[Item]:
    name = value["uuid"] if isinstance(value.get("uuid"), str) else f"{path.stem}-{number}"
    title = value["name"] if isinstance(value.get("name"), str) and value["name"].strip() else None
    for message in value["chat_messages"]:
        if not isinstance(message, Mapping):
            yield Fault(str(path), number, f"a message of type {type(message).__name__}")
            continue
        role, text = SENDERS.get(str(message.get("sender"))), _text(message)
        if role is None or not text:
            continue
        try:
            moment = instant(message["created_at"], "created_at") if message.get("created_at") else None
        except InvalidInput as error:
            yield Fault(str(path), number, error.message)
            continue
        message_id = message["uuid"] if isinstance(message.get("uuid"), str) else None
        turn = Turn(role, text, None, moment, message_id)
        yield Spoken(name, None, title, turn, Source(CLIENT, str(path), message_id), number)


def _text(message: Mapping[str, Any]) -> str:
    blocks = message.get("content")
    if isinstance(blocks, list):
        texts = [block.get("text") for block in blocks if isinstance(block, Mapping) and block.get("type") == "text"]
        text = "\n\n".join([text for text in texts if isinstance(text, str) and text.strip()])
        if text:
            return text
    whole = message.get("text")
    return whole if isinstance(whole, str) and whole.strip() else ""
