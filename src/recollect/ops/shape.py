"""Memories, hits and the rest as the JSON that every edge answers with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from recollect.models import Add, Change, Context, Delete, Hit, Job, Memory, Stats

UNTOLD = frozenset({"version", "content_hash"})
"""Fields that change with every change, and so tell nothing."""


def time_of(moment: datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def hit_of(hit: Hit, *, explain: bool = False) -> dict[str, Any]:
    """Return a hit as search answers it; with `explain` also the parts of its score."""
    item = hit.memory
    shape = {
        "id": item.id,
        "content": item.text,
        "score": round(hit.score, 4),
        "kind": item.kind.value,
        "metadata": dict(item.metadata),
        "project_id": item.scope.project_id,
        "user_id": item.scope.user_id,
        "conversation_id": item.scope.conversation_id,
        "created_at": time_of(item.created_at),
        "occurred_at": time_of(item.occurred_at),
    }
    return {**shape, "parts": dict(hit.parts)} if explain else shape


def memory_of(item: Memory) -> dict[str, Any]:
    """Return a memory with every field."""
    return {
        "id": item.id,
        "content": item.text,
        "kind": item.kind.value,
        "role": None if item.role is None else item.role.value,
        "speaker": item.speaker,
        "title": item.title,
        "keywords": list(item.keywords),
        "entities": list(item.entities),
        "importance": item.importance,
        "urgency": item.urgency,
        "tier": item.tier.value,
        "metadata": dict(item.metadata),
        "project_id": item.scope.project_id,
        "user_id": item.scope.user_id,
        "conversation_id": item.scope.conversation_id,
        "agent_id": item.scope.agent_id,
        "source": {"client": item.source.client, "file": item.source.file, "message_id": item.source.message_id},
        "sources": list(item.sources),
        "repeats": item.repeats,
        "created_at": time_of(item.created_at),
        "occurred_at": time_of(item.occurred_at),
        "valid_from": time_of(item.valid_from),
        "valid_to": time_of(item.valid_to),
        "superseded_by": item.superseded_by,
        "expires_at": time_of(item.expires_at),
        "version": item.version,
    }


def whole_of(item: Memory) -> dict[str, Any]:
    """Return a memory with what is of use to programs alone too: all that is needed to make it again."""
    inner = {"dense": item.dense, "standing": item.standing, "position": item.position}
    return {**memory_of(item), **inner, "content_hash": item.content_hash}


def context_of(made: Context) -> dict[str, Any]:
    """Return a context."""
    return {
        "text": made.text,
        "tokens": made.tokens,
        "memories": list(made.memories),
        "dropped": made.dropped,
        "fused_by": made.fused_by,
    }


def change_of(change: Change) -> dict[str, Any]:
    """Return a change: its verb, and of a revision what was before and what became of it, by field."""
    event = change.event
    shape: dict[str, Any] = {"seq": change.seq, "at": time_of(change.at), "event": type(event).__name__.lower()}
    if isinstance(event, Delete):
        return {**shape, "version": None, "content": None, "changed": {}}
    shape |= {"version": event.memory.version, "content": event.memory.text}
    if isinstance(event, Add):
        return {**shape, "changed": {}}
    return {**shape, "changed": _differences(event.before, event.memory)}


def _differences(before: Memory, after: Memory) -> dict[str, list[Any]]:
    old, new = memory_of(before), memory_of(after)
    return {name: [old[name], new[name]] for name in new if name not in UNTOLD and old[name] != new[name]}


def stats_of(stats: Stats) -> dict[str, Any]:
    """Return figures."""
    return {
        "memories": stats.memories,
        "conversations": stats.conversations,
        "entities": stats.entities,
        "by_kind": dict(stats.by_kind),
        "by_day": dict(stats.by_day),
        "by_category": dict(stats.by_category),
        "by_tier": dict(stats.by_tier),
        "embedded": stats.embedded,
        "waiting": stats.waiting,
        "parked": stats.parked,
    }


def job_of(job: Job) -> dict[str, Any]:
    """Return a job; of its payload only how much it covers, for texts may stand in it one day."""
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state.value,
        "attempts": job.attempts,
        "run_at": time_of(job.run_at),
        "created_at": time_of(job.created_at),
        "error": job.error,
        "covers": sum(len(part) for part in job.payload.values() if isinstance(part, list)),
    }
