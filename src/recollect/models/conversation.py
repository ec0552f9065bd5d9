"""An ordered run of turns, and figures over memories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat or coding session: who it belongs to, how long it is, and its summary when there is one."""

    id: str
    user_id: str
    project_id: str
    turns: int
    started_at: datetime
    ended_at: datetime
    title: str | None = None
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures over the memories of one reach: totals, and counts by kind, day (UTC) and metadata category."""

    memories: int
    conversations: int
    entities: int
    by_kind: Mapping[str, int]
    by_day: Mapping[str, int]
    by_category: Mapping[str, int]
    by_tier: Mapping[str, int]
    embedded: int
    waiting: int
    parked: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call cost: its purpose, what did it, tokens in and out, money in US dollars, and time.

    `outcome` says how a call to a model ended: `answered`, `failed`, `cached` (answered before), `joined` (by an equal
    call under way); it is empty for what asks no model.
    """

    at: datetime
    purpose: str
    provider: str
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    milliseconds: float = 0.0
    project_id: str = "default"
    outcome: str = ""
