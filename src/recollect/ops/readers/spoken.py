"""What a reader yields: something said, something noted, or a line that could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recollect.models import Source, Turn


@dataclass(frozen=True, slots=True)
class Spoken:
    """One turn of a conversation, and the line (of a one-line-an-item file) or item number it came from.

    `agent_id` names the agent whose conversation it is, where the file tells (a subagent's own transcript).
    """

    conversation_id: str
    project_id: str | None
    title: str | None
    turn: Turn
    source: Source
    line: int
    agent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """One memory that another memory program had kept."""

    text: str
    user_id: str | None
    project_id: str | None
    agent_id: str | None
    created_at: datetime | None
    source: Source
    line: int
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """A line (from 1; 0: the file as a whole) that could not be read, and why. Reading goes on after it."""

    file: str
    line: int
    reason: str


Item = Spoken | Noted | Fault
