"""Holds what readers yield to the rules of capture, so that whoever writes it need not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from recollect.capture.identifier import identifier
from recollect.capture.intake import content_of, turn_of
from recollect.capture.metadata import metadata_of
from recollect.capture.normalise import normalise
from recollect.errors import InvalidInput
from recollect.ops.readers.spoken import Fault, Item, Noted, Spoken

MAX_TITLE: Final = 512


def checked(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the items; what capture would refuse (an id, a text, metadata) becomes a fault that says why."""
    for item in items:
        if isinstance(item, Fault):
            yield item
            continue
        try:
            yield _spoken(item) if isinstance(item, Spoken) else _noted(item)
        except InvalidInput as error:
            yield Fault(item.source.file or "", item.line, error.message.removeprefix("turns[0]."))


def _spoken(item: Spoken) -> Spoken:
    return replace(
        item,
        conversation_id=identifier(item.conversation_id, "conversation_id"),
        project_id=_optional(item.project_id, "project_id"),
        agent_id=_optional(item.agent_id, "agent_id"),
        title=" ".join(normalise(item.title or "").split())[:MAX_TITLE] or None,
        turn=turn_of(item.turn, 0),
    )


def _noted(item: Noted) -> Noted:
    return replace(
        item,
        text=content_of(item.text, "text"),
        user_id=_optional(item.user_id, "user_id"),
        project_id=_optional(item.project_id, "project_id"),
        agent_id=_optional(item.agent_id, "agent_id"),
        source=replace(item.source, message_id=_optional(item.source.message_id, "message_id")),
        metadata=metadata_of(item.metadata, "metadata"),
    )


def _optional(value: str | None, field: str) -> str | None:
    return None if value is None else identifier(value, field)
