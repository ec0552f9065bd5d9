"""Keeping what Mem0's clients add: messages as turns of a run, single texts and `infer=False` as notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recollect.errors import InvalidInput
from recollect.library import AsyncMemory
from recollect.models import Memory

SOURCE = "mem0"


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose memories are written, in our words."""

    user_id: str | None = None
    project_id: str | None = None
    conversation_id: str | None = None
    agent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be remembered: a text, or messages; as it stands unless it may be inferred from."""

    messages: str | list[dict[str, Any]]
    owned: Owned
    infer: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)
    occurred_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A memory, and whether it is new (else it said nothing new and was known)."""

    memory: Memory
    new: bool

    @property
    def event(self) -> str:
        """What Mem0 calls it."""
        return "ADD" if self.new else "NONE"


async def remember(memory: AsyncMemory, said: Said) -> list[Kept]:
    """Keep what was said and return it in order, durable and found by word; system prompts and empty messages are not.

    Raises InvalidInput or TooLarge naming the message that cannot be kept (an image, say).
    """
    if isinstance(said.messages, str):
        if not said.messages.strip():
            raise InvalidInput("messages is empty", field="messages", hint="Say what to remember.")
        return [await _note(memory, said, said.messages)]
    messages = [one for one in said.messages if one.get("content") is not None and one.get("role") != "system"]
    if not said.infer:
        texts = [_text(one.get("content"), index) for index, one in enumerate(messages)]
        return [await _note(memory, said, text) for text in texts if text.strip()]
    return await _turns(memory, said, messages)


async def _turns(memory: AsyncMemory, said: Said, messages: list[dict[str, Any]]) -> list[Kept]:
    owned = said.owned
    done = await memory.capture(
        [
            {
                "role": one.get("role", "user"),
                "content": one["content"],
                "speaker": one.get("name"),
                "occurred_at": said.occurred_at,
                "expires_at": said.expires_at,
                "metadata": said.metadata,
            }
            for one in messages
        ],
        conversation_id=owned.conversation_id,
        project_id=owned.project_id,
        user_id=owned.user_id,
        agent_id=owned.agent_id,
        source=SOURCE,
    )
    ids = [one for one in done.ids if one is not None]
    # Ids sort by the time they were made: those of this call come after all that were known.
    new = set(sorted(set(ids))[done.duplicates :])
    kept = await memory.app.engine.stores.records.get(ids)
    return [Kept(item, item.id in new) for item in kept]


async def _note(memory: AsyncMemory, said: Said, text: str) -> Kept:
    owned = said.owned
    note = await memory.add(
        text,
        conversation_id=owned.conversation_id,
        project_id=owned.project_id,
        user_id=owned.user_id,
        agent_id=owned.agent_id,
        metadata=said.metadata,
        occurred_at=said.occurred_at,
        expires_at=said.expires_at,
    )
    return Kept(note, note.repeats == 1)


def _text(content: object, index: int) -> str:
    """Return the text of a message's content: a string, or blocks of text."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = [one.get("text") for one in content if isinstance(one, dict) and one.get("type") == "text"]
        if len(texts) == len(content) and all(isinstance(text, str) for text in texts):
            return "\n".join(str(text) for text in texts)
    raise InvalidInput(
        f"messages[{index}].content is not text", field="messages", hint="Images and documents cannot be kept."
    )
