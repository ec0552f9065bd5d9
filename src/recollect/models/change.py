"""The ordered log of what happened to memories; history, live events and sync all read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recollect.models.memory import Memory
from recollect.models.scope import DEFAULT


@dataclass(frozen=True, slots=True)
class Add:
    """A memory came to be, as it then was."""

    memory: Memory


@dataclass(frozen=True, slots=True)
class Revise:
    """A memory was changed: as it was, and as it became."""

    before: Memory
    memory: Memory


@dataclass(frozen=True, slots=True)
class Retire:
    """A memory stopped being true (superseded or ended); it is kept and can still be asked for."""

    before: Memory
    memory: Memory


@dataclass(frozen=True, slots=True)
class Delete:
    """A memory is gone; only its id stays, none of its text."""

    memory_id: str


Event = Add | Revise | Retire | Delete


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the log: its place in the order, when, what, and whose memory it was (known after a delete too)."""

    seq: int
    at: datetime
    event: Event
    user_id: str = DEFAULT
    project_id: str = DEFAULT
