"""What clients hand in: turns of a conversation, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recollect.models.memory import Role


@dataclass(frozen=True, slots=True)
class Turn:
    """One message as a client sends it; `occurred_at` is when it was said, `None` for now.

    From `expires_at` on it is no longer given as an answer.
    """

    role: Role
    content: str
    speaker: str | None = None
    occurred_at: datetime | None = None
    message_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Captured:
    """The receipt of a capture: the id of each turn in order, how many were known already, what was masked.

    A turn that was captured before keeps its first id, so that `ids` has one entry per turn handed in. `None` stands
    for a turn of which nothing was left (empty, or private as a whole).
    """

    ids: tuple[str | None, ...]
    duplicates: int = 0
    redacted: Mapping[str, int] = field(default_factory=dict)
