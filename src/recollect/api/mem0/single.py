"""What is done to single memories by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from recollect.api.mem0.shapes import OWN
from recollect.errors import InvalidInput, NotFound
from recollect.library import AsyncMemory
from recollect.models import Compare, Memory, Op, Reach, Where


async def held(memory: AsyncMemory, memory_id: str) -> Memory:
    """Return a memory; raise NotFound, or InvalidInput for what can be no id."""
    return (await held_all(memory, [memory_id]))[0]


async def held_all(memory: AsyncMemory, ids: Sequence[str]) -> list[Memory]:
    """Return the memories with these ids in order; raise NotFound when one is missing."""
    readable = [one for one in ids if one.isascii()]
    found = {item.id: item for item in await memory.app.engine.stores.records.get(readable)}
    for one in ids:
        if one not in found:
            _check(one)
            raise NotFound("Memory not found!", hint="Ids are shown by search and get_all.")
    return [found[one] for one in ids]


async def change(memory: AsyncMemory, item: Memory, changes: Mapping[str, Any]) -> Memory:
    """Change a memory and return it; what Mem0 knows of it beside its metadata stays."""
    given = dict(changes)
    if "metadata" in given and OWN in item.metadata:
        given["metadata"] = {**given["metadata"], OWN: item.metadata[OWN]}
    return await memory.app.engine.update(item.id, **given)


async def chain(memory: AsyncMemory, item: Memory) -> list[str]:
    """Return the ids of what a memory superseded, and what that superseded, and so on."""
    records = memory.app.engine.stores.records
    reach = Reach(item.scope.user_id, item.scope.project_id)
    found: list[str] = []
    waiting = [item.id]
    while waiting:
        older = Where(reach, filter=Compare("superseded_by", Op.EQ, waiting.pop()), stale=True)
        fresh = [one for one in await records.ids(older) if one not in found and one != item.id]
        found += fresh
        waiting += fresh
    return found


def _check(memory_id: str) -> None:
    try:
        UUID(memory_id)
    except ValueError as error:
        raise InvalidInput("That is no id of a memory", field="memory_id", hint="Ids are UUIDs.") from error
