"""A memory as a row, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from recollect.models import Kind, Memory, Role, Scope, Source, Tier
from recollect.stores.sql.schema import conversation, memory, tenant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return microseconds since 1970, exact."""
    return (moment - _EPOCH) // _MICRO


def moment(value: int) -> datetime:
    """Return the time of so many microseconds since 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=value)


def _micros_or_none(value: datetime | None) -> int | None:
    return None if value is None else micros(value)


def _moment_or_none(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


def to_row(item: Memory) -> dict[str, Any]:
    """Return the columns of a memory but its keys (tenant, conversation, position, dedupe)."""
    return {
        "id": item.id,
        "agent_id": item.scope.agent_id,
        "kind": item.kind.value,
        "role": None if item.role is None else item.role.value,
        "speaker": item.speaker,
        "title": item.title,
        "text": item.text,
        "keywords": list(item.keywords),
        "entities": list(item.entities),
        "importance": item.importance,
        "urgency": item.urgency,
        "tier": item.tier.value,
        "metadata": dict(item.metadata),
        "client": item.source.client,
        "file": item.source.file,
        "message_id": item.source.message_id,
        "sources": list(item.sources),
        "repeats": item.repeats,
        "dense": item.dense,
        "standing": item.standing,
        "created_at": micros(item.created_at),
        "occurred_at": micros(item.occurred_at),
        "valid_from": _micros_or_none(item.valid_from),
        "valid_to": _micros_or_none(item.valid_to),
        "superseded_by": item.superseded_by,
        "expires_at": _micros_or_none(item.expires_at),
        "content_hash": item.content_hash,
        "version": item.version,
    }


def select_memory(*extra: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Return the query that reads whole memories, with their scope; conditions are added by the caller."""
    return sa.select(
        memory, tenant.c.user_id, tenant.c.project_id, conversation.c.name.label("conversation_id"), *extra
    ).select_from(
        memory.join(tenant, memory.c.tenant == tenant.c.key).outerjoin(
            conversation, memory.c.conversation == conversation.c.key
        )
    )


def from_row(row: sa.RowMapping | Mapping[str, Any]) -> Memory:
    """Return the memory a row of `select_memory` holds."""
    return Memory(
        id=row["id"],
        kind=Kind(row["kind"]),
        text=row["text"],
        scope=Scope(row["user_id"], row["project_id"], row["conversation_id"], row["agent_id"]),
        created_at=moment(row["created_at"]),
        occurred_at=moment(row["occurred_at"]),
        content_hash=row["content_hash"],
        role=None if row["role"] is None else Role(row["role"]),
        speaker=row["speaker"],
        title=row["title"],
        keywords=tuple(row["keywords"]),
        entities=tuple(row["entities"]),
        importance=row["importance"],
        urgency=row["urgency"],
        tier=Tier(row["tier"]),
        metadata=row["metadata"],
        source=Source(row["client"], row["file"], row["message_id"]),
        sources=tuple(row["sources"]),
        repeats=row["repeats"],
        dense=row["dense"],
        standing=row["standing"],
        position=row["position"],
        valid_from=_moment_or_none(row["valid_from"]),
        valid_to=_moment_or_none(row["valid_to"]),
        superseded_by=row["superseded_by"],
        expires_at=_moment_or_none(row["expires_at"]),
        version=row["version"],
    )


def to_snapshot(item: Memory) -> dict[str, Any]:
    """Return a memory as a JSON object that `from_snapshot` reads back exactly (the change log, export files)."""
    row = to_row(item)
    row["user_id"], row["project_id"] = item.scope.user_id, item.scope.project_id
    row["conversation_id"], row["position"] = item.scope.conversation_id, item.position
    return row


def from_snapshot(row: Mapping[str, Any]) -> Memory:
    """Return the memory that a snapshot holds."""
    return from_row(row)
