"""Memories, owners and changes as Mem0's clients read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from recollect.api.mem0.find import Found
from recollect.capture.instant import instant
from recollect.errors import InvalidInput
from recollect.models import DEFAULT, Add, Change, Coordinate, Delete, Kind, Memory, Owner

OWN: Final = "mem0"
"""The one key of metadata that holds what Mem0 knows of a memory beside it (feedback); it is not shown as metadata."""

ACCOUNT: Final = "owner"
"""Who holds the key. No address: with one, Mem0's clients would report it to their makers."""

TYPES: Final[Mapping[Coordinate, str]] = {
    "user_id": "user",
    "agent_id": "agent",
    "project_id": "app",
    "conversation_id": "run",
}
_SPACE: Final = UUID("6f1a5ff0-6a39-4cc5-8b0e-5f7a1d1d1c7e")
_DAY: Final = timedelta(days=1)
_INSTANT: Final = timedelta(microseconds=1)


def hosted(found: Found) -> dict[str, Any]:
    """Return a memory as the hosted service shows it; a hit has its score and, when explained, what it is made of."""
    item = found.memory
    shape = {
        "id": item.id,
        "memory": item.text,
        **_owners(item),
        "metadata": metadata(item),
        "categories": categories(item),
        "structured_attributes": None,
        "replaced_by": item.superseded_by,
        "synthesized": item.kind in {Kind.FACT, Kind.SUMMARY},
        "lifecycle_state": "superseded" if item.superseded_by else "active",
        "expiration_date": last_day(item.expires_at),
        "timestamp": item.occurred_at.isoformat(),
        "created_at": item.created_at.isoformat(),
        "updated_at": found.updated_at.isoformat(),
    }
    if found.hit is not None:
        shape["score"] = round(found.hit.score, 6)
        shape["score_breakdown"] = _parts(found.hit.parts)
    return shape


def hosted_fields(found: Found, fields: Sequence[str] | None) -> dict[str, Any]:
    """Return a memory with its id and only the fields asked for."""
    shape = hosted(found)
    return shape if not fields else {name: value for name, value in shape.items() if name == "id" or name in fields}


def self_hosted(found: Found) -> dict[str, Any]:
    """Return a memory as the self-hosted server shows it."""
    item = found.memory
    shape: dict[str, Any] = {
        "id": item.id,
        "memory": item.text,
        "hash": item.content_hash,
        "metadata": metadata(item),
        "created_at": item.created_at.isoformat(),
        "updated_at": found.updated_at.isoformat(),
        "expiration_date": last_day(item.expires_at),
        "role": None if item.role is None else str(item.role),
        "user_id": item.scope.user_id,
        "agent_id": item.scope.agent_id,
        "run_id": item.scope.conversation_id,
    }
    if found.hit is not None:
        shape["score"] = round(found.hit.score, 6)
        if found.hit.parts:
            shape["score_details"] = dict(found.hit.parts)
    return shape


def history(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Return what became of a memory, oldest first; changes that Mem0 has no word for are left out."""
    entries: list[dict[str, Any]] = []
    for change in changes:
        created, event = changes[0].at, change.event
        if isinstance(event, Delete):
            entries.append(_entry(change, created, event.memory_id, None, None, "DELETE"))
        elif isinstance(event, Add):
            entries.append(_entry(change, created, event.memory.id, None, event.memory, "ADD"))
        elif _visible(event.before) != _visible(event.memory):
            entries.append(_entry(change, created, event.memory.id, event.before, event.memory, "UPDATE"))
    return entries


def owner(found: Owner, total: int) -> dict[str, Any]:
    """Return a user, agent, app or run with the number of its memories."""
    sort = TYPES[found.coordinate]
    return {
        "id": str(uuid5(_SPACE, f"{sort}:{found.name}")),
        "name": found.name,
        "type": sort,
        "owner": ACCOUNT,
        "organization": "recollect",
        "total_memories": total,
        "metadata": {},
        "created_at": found.first_at.isoformat(),
        "updated_at": found.last_at.isoformat(),
    }


def metadata(item: Memory) -> dict[str, Any]:
    """Return a memory's metadata as its writer knows it."""
    return {key: value for key, value in item.metadata.items() if key != OWN}


def categories(item: Memory) -> list[str]:
    """Return the categories of a memory: those it was given, and the one our rules found."""
    given = item.metadata.get("categories")
    found = [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
    one = item.metadata.get("category")
    return [*found, one] if isinstance(one, str) and one not in found else found


def expiry(value: object, field: str = "expiration_date") -> datetime:
    """Return from when on a memory is expired: the day after its `expiration_date`, or a time as it stands."""
    if isinstance(value, str) and len(value.strip()) == len("2026-01-31"):
        try:
            day = date.fromisoformat(value.strip())
        except ValueError as error:
            raise InvalidInput(f"{field} is not a date", field=field, hint="Write it as 2026-01-31.") from error
        return instant(day.isoformat(), field) + _DAY
    return instant(value, field)


def last_day(expires_at: datetime | None) -> str | None:
    """Return the last day on which a memory holds."""
    return None if expires_at is None else (expires_at - _INSTANT).date().isoformat()


def _owners(item: Memory) -> dict[str, Any]:
    scope = item.scope
    return {
        "user_id": scope.user_id,
        "agent_id": scope.agent_id,
        "app_id": None if scope.project_id == DEFAULT else scope.project_id,
        "run_id": scope.conversation_id,
        "session_id": scope.conversation_id,
    }


def _parts(parts: Mapping[str, float]) -> dict[str, float | None]:
    """Return what Mem0 has names for; scores are standardised, so that a part may be below 0."""
    return {"semantic": parts.get("meaning"), "bm25": parts.get("words"), "entity": parts.get("mention")}


def _visible(item: Memory) -> Memory:
    """Return a memory without what changes behind the scenes: counting, ranking, feedback."""
    plain = replace(item, version=0, repeats=1, sources=(), importance=0.0, urgency=0.0, superseded_by=None)
    return replace(plain, metadata=metadata(item), valid_to=None, keywords=(), entities=(), standing=False)


def _entry(
    change: Change, created: datetime, memory_id: str, before: Memory | None, after: Memory | None, event: str
) -> dict[str, Any]:
    item = after or before
    return {
        "id": str(uuid5(_SPACE, f"change:{change.seq}")),
        "memory_id": memory_id,
        "input": [] if item is None else [{"role": str(item.role or "user"), "content": item.text}],
        "old_memory": None if before is None else before.text,
        "new_memory": None if after is None else after.text,
        "user_id": None if item is None else item.scope.user_id,
        "event": event,
        "metadata": {} if item is None else metadata(item),
        "categories": [] if item is None else categories(item),
        "created_at": created.isoformat(),
        "updated_at": change.at.isoformat(),
    }
