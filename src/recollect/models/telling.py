"""What assistants were told: which memories went into a context, when, and what it took. Never its words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recollect.models.scope import Scope


class Occasion(StrEnum):
    """How a context came to an assistant."""

    SESSION = "session"
    """A hook told it when a session started."""
    PROMPT = "prompt"
    """A hook told it beside a prompt."""
    MCP = "mcp"
    """It asked with the tool `inject_context`."""
    REST = "rest"
    """A program asked `POST /api/context`."""
    CHAT = "chat"
    """A model was given it to answer a chat message with."""


@dataclass(frozen=True, slots=True)
class Telling:
    """A context that was handed to an assistant, by the ids of the memories in it, the first told first.

    `scope` is whose it was: the conversation it was told in, where that is known, and as `agent_id` the assistant.
    `turn` is the memory that asked. `tokens` are those of the context, `whole` those of the memories it was made of
    (`None` until they are counted), `budget` the most it might have taken (`None`: nobody said). `id` is the store's.
    """

    at: datetime
    way: Occasion
    scope: Scope
    memories: tuple[str, ...]
    tokens: int
    whole: int | None = None
    budget: int | None = None
    turn: str | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """How often a memory was told in one conversation (of `scope`; without one: outside of any), and when last."""

    scope: Scope
    times: int
    last_at: datetime
