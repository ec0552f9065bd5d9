"""Searching, listing and erasing over all that a filter of Mem0's reaches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from recollect.api.mem0.aim import Aim, aim
from recollect.api.mem0.sieve import Tree, compares, exact, passes, pushed
from recollect.library import AsyncMemory
from recollect.models import Delete, Hit, Kind, Memory, Where

LISTED: Final = (Kind.TURN, Kind.NOTE, Kind.OBSERVATION)
"""What was said and written. Facts and summaries are made from it and say it again."""

WIDEST: Final = 1000
"""Hits looked through where a condition can only be checked on the memories themselves."""

AT_ONCE: Final = 8
"""Searches of one question that run at the same time."""


@dataclass(frozen=True, slots=True)
class Found:
    """A memory, when it was last changed, and its hit when it was searched for."""

    memory: Memory
    updated_at: datetime
    hit: Hit | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What to search for, under which conditions, and how much of it is wanted."""

    text: str
    tree: Tree | None
    limit: int = 10
    threshold: float = 0.0
    asked_at: datetime | None = None
    stale: bool = False
    explain: bool = False


async def search(memory: AsyncMemory, question: Question) -> list[Found]:
    """Return the best memories of all reaches, best first; raise InvalidInput where the filter names nobody."""
    target = await aim(memory.app.owners, question.tree)
    whole = target.tree is None or exact(target.tree)
    turnstile = asyncio.Semaphore(AT_ONCE)

    async def look(index: int) -> list[Hit]:
        async with turnstile:
            return await memory.app.engine.search(
                question.text,
                target.reaches[index],
                filters=pushed(target.tree),
                asked_at=question.asked_at,
                limit=question.limit if whole else WIDEST,
                explain=question.explain,
                stale=question.stale,
            )

    with memory.app.meters.timing("search", "mem0") as timing:
        lists = await asyncio.gather(*(look(index) for index in range(len(target.reaches))))
        timing.count = sum(map(len, lists))
    hits = [hit for found in lists for hit in found if hit.score >= question.threshold]
    hits.sort(key=lambda hit: -hit.score)
    dated = await stamps(memory, [hit.memory for hit in (hits[: question.limit] if whole else hits)])
    found = [Found(hit.memory, dated[hit.memory.id], hit) for hit in hits if hit.memory.id in dated]
    kept = [one for one in found if target.tree is None or passes(target.tree, one.memory, one.updated_at)]
    return kept[: question.limit]


async def listed(
    memory: AsyncMemory, tree: Tree | None, *, start: int = 0, size: int = 100, stale: bool = False
) -> tuple[list[Found], int]:
    """Return memories from the newest on, `size` of them after `start`, and how many there are altogether."""
    target = await aim(memory.app.owners, tree)
    ids = await _ids(memory, target, stale=stale)
    if target.tree is not None and not exact(target.tree):
        every = await _dated(memory, ids)
        kept = [one for one in every if passes(target.tree, one.memory, one.updated_at)]
        return kept[start : start + size], len(kept)
    return await _dated(memory, ids[start : start + size]), len(ids)


async def summaries(memory: AsyncMemory, tree: Tree | None, *, size: int = 100) -> list[Found]:
    """Return the summaries of conversations in reach, the newest first."""
    target = await aim(memory.app.owners, tree)
    every = await _dated(memory, await _ids(memory, target, stale=False, kinds=(Kind.SUMMARY,)))
    return [one for one in every if target.tree is None or passes(target.tree, one.memory, one.updated_at)][:size]


async def erase(memory: AsyncMemory, tree: Tree | None) -> int:
    """Delete everything a filter reaches, derived and superseded memories too; return how much it was."""
    target = await aim(memory.app.owners, tree)
    records = memory.app.engine.stores.records
    ids = [
        one
        for reach in target.reaches
        for one in await records.ids(Where(reach, filter=pushed(target.tree), stale=True))
    ]
    return await memory.app.engine.remove(ids)


async def stamps(memory: AsyncMemory, items: Sequence[Memory]) -> dict[str, datetime]:
    """Return when each memory was last changed; one that was never changed says so itself."""
    dated = {item.id: item.created_at for item in items}
    for item in items:
        if item.version > 1:
            changes = await memory.app.engine.stores.records.history(item.id)
            if changes and not isinstance(changes[-1].event, Delete):
                dated[item.id] = changes[-1].at
    return dated


async def _ids(memory: AsyncMemory, target: Aim, *, stale: bool, kinds: tuple[Kind, ...] | None = None) -> list[str]:
    """Return the ids of all that may be listed, the newest first."""
    engine = memory.app.engine
    if kinds is None:
        # Categories are given to facts: whoever asks for one means those too.
        sorted_ = any(one.field.startswith("metadata.categor") for one in compares(target.tree))
        kinds = (*LISTED, Kind.FACT) if sorted_ else LISTED
    moment = engine.now()
    found: list[str] = []
    for reach in target.reaches:
        where = Where(reach, kinds, pushed(target.tree), valid_at=None if stale else moment, stale=stale)
        found += await engine.stores.records.ids(where)
    # Ids sort by the time they were made.
    return sorted(found, reverse=True)


async def _dated(memory: AsyncMemory, ids: Sequence[str]) -> list[Found]:
    items = await memory.app.engine.stores.records.get(ids)
    dated = await stamps(memory, items)
    return [Found(item, dated[item.id]) for item in items]
