"""What a server answers, as the nouns of the library."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from recollect.models import (
    Add,
    Captured,
    Change,
    Context,
    Conversation,
    Delete,
    Event,
    Hit,
    Kind,
    Memory,
    Retire,
    Revise,
    Role,
    Scope,
    Source,
    Stats,
    Tier,
)

Shape = Mapping[str, Any]


def memory_of(shape: Shape) -> Memory:
    """Return a memory from its whole shape; raise KeyError, ValueError or TypeError for anything else."""
    return Memory(
        id=shape["id"],
        kind=Kind(shape["kind"]),
        text=shape["content"],
        scope=Scope(shape["user_id"], shape["project_id"], shape["conversation_id"], shape["agent_id"]),
        created_at=datetime.fromisoformat(shape["created_at"]),
        occurred_at=datetime.fromisoformat(shape["occurred_at"]),
        content_hash=shape.get("content_hash", ""),
        role=None if shape["role"] is None else Role(shape["role"]),
        speaker=shape["speaker"],
        title=shape["title"],
        keywords=tuple(shape["keywords"]),
        entities=tuple(shape["entities"]),
        importance=shape["importance"],
        urgency=shape["urgency"],
        tier=Tier(shape["tier"]),
        metadata=shape["metadata"],
        source=Source(**shape["source"]),
        sources=tuple(shape["sources"]),
        repeats=shape["repeats"],
        dense=shape.get("dense", True),
        standing=shape.get("standing", False),
        position=shape.get("position", 0),
        valid_from=_time(shape["valid_from"]),
        valid_to=_time(shape["valid_to"]),
        superseded_by=shape["superseded_by"],
        expires_at=_time(shape["expires_at"]),
        version=shape["version"],
    )


def hit_of(shape: Shape) -> Hit:
    """Return a hit."""
    return Hit(memory_of(shape["memory"]), shape["score"], shape["start"], shape["end"], shape.get("parts") or {})


def captured_of(shape: Shape) -> Captured:
    """Return the receipt of a capture."""
    return Captured(tuple(shape["ids"]), shape["duplicates"], shape["redacted"])


def context_of(shape: Shape) -> Context:
    """Return a context."""
    return Context(shape["text"], shape["tokens"], tuple(shape["memories"]), shape["dropped"], shape["fused_by"])


def conversation_of(shape: Shape) -> Conversation:
    """Return a conversation."""
    times = {name: datetime.fromisoformat(shape[name]) for name in ("started_at", "ended_at")}
    return Conversation(**{**shape, **times})


def stats_of(shape: Shape) -> Stats:
    """Return figures."""
    return Stats(**shape)


def change_of(shape: Shape, memory_id: str) -> Change:
    """Return a change of a memory."""
    at = datetime.fromisoformat(shape["at"])
    return Change(shape["seq"], at, _event(shape, memory_id), shape["user_id"], shape["project_id"])


def _event(shape: Shape, memory_id: str) -> Event:
    match shape["event"]:
        case "delete":
            return Delete(memory_id)
        case "add":
            return Add(memory_of(shape["memory"]))
        case "revise":
            return Revise(memory_of(shape["before"]), memory_of(shape["memory"]))
        case "retire":
            return Retire(memory_of(shape["before"]), memory_of(shape["memory"]))
        case unknown:
            raise ValueError(unknown)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
