"""Who memories belong to, counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Coordinate = Literal["user_id", "project_id", "conversation_id", "agent_id"]
"""One of the four names that say where a memory lives."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A user, project, conversation or agent that has memories: how many, and when the first and last was written."""

    coordinate: Coordinate
    name: str
    memories: int
    first_at: datetime
    last_at: datetime
