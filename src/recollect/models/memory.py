"""The memory: one unit of recall, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from recollect.models.scope import Scope

FLAGS = "injection"
"""The metadata key under which a memory's flags stand."""


class Kind(StrEnum):
    """What a memory is. Facts and summaries stand beside the turns they come from and never replace them."""

    TURN = "turn"
    NOTE = "note"
    FACT = "fact"
    OBSERVATION = "observation"
    SUMMARY = "summary"


class Tier(StrEnum):
    """How close at hand a memory is kept: in every session, as recent working state, or to be searched for."""

    GLOBAL = "global"
    QUICK = "quick"
    ARCHIVE = "archive"


class Role(StrEnum):
    """Who spoke a turn."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a memory came from: the client that sent it, the file it stood in, the id its message had there."""

    client: str | None = None
    file: str | None = None
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """One unit of recall. All times are aware and in UTC; importance and urgency lie in 0..1.

    `text` is verbatim but for what redaction took out. `sources` are the ids of the memories this one is derived
    from, or of those that said the same again; `repeats` counts how often it was said. `dense` is false where the
    text says too little to be embedded or injected (it is still found by word); `standing` is true of instructions and
    preferences that are meant to hold from then on. `position` numbers the memories of one
    conversation in the order they came.
    """

    id: str
    kind: Kind
    text: str
    scope: Scope
    created_at: datetime
    occurred_at: datetime
    content_hash: str
    role: Role | None = None
    speaker: str | None = None
    title: str | None = None
    keywords: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    importance: float = 0.5
    urgency: float = 0.0
    tier: Tier = Tier.ARCHIVE
    metadata: Mapping[str, Any] = field(default_factory=dict)
    source: Source = Source()
    sources: tuple[str, ...] = ()
    repeats: int = 1
    dense: bool = True
    standing: bool = False
    position: int = 0
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    superseded_by: str | None = None
    expires_at: datetime | None = None
    version: int = 1

    @property
    def flags(self) -> tuple[str, ...]:
        """What the text is suspected of (see `capture.poison`); a flagged memory is not told unasked."""
        found = self.metadata.get(FLAGS)
        return tuple(map(str, found)) if isinstance(found, list | tuple) else ()
