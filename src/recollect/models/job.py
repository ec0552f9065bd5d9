"""Work that a write leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    """Where a job stands: waiting, claimed by a worker, or set aside after failing too often."""

    READY = "ready"
    CLAIMED = "claimed"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Task:
    """A job to be: what to do, with what, and for whom (user, project); `None` is nobody in particular."""

    name: str
    payload: Mapping[str, Any]
    owner: tuple[str, str] | None = None

    @property
    def size(self) -> int:
        """How many memories it is about, at least one."""
        ids = self.payload.get("ids")
        return max(len(ids), 1) if isinstance(ids, list | tuple) else 1


@dataclass(frozen=True, slots=True)
class Job:
    """A task in the queue. Finished jobs leave no row behind."""

    id: int
    name: str
    payload: Mapping[str, Any]
    state: JobState
    attempts: int
    run_at: datetime
    created_at: datetime
    error: str | None = None
