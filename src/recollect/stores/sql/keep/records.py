"""The records, with the texts that lie in boxes put in where a memory is handed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from recollect.exchange import Batch, Committed, Located, Page
from recollect.models import Add, Change, Event, Memory, Reach, Retire, Revise, Scope, Where
from recollect.ports import Clock
from recollect.stores.sql.database import Database
from recollect.stores.sql.keep.boxes import Boxes, Found
from recollect.stores.sql.keep.text import MARK
from recollect.stores.sql.records import SqlRecords

X = TypeVar("X")


class ShelvedRecords(SqlRecords):
    """The Records port over one database and its boxes. What is not in a box costs a look at the end of its text.

    A text that lies where nobody answers in time is told as it begins, with a note of where the rest is.
    """

    def __init__(self, database: Database, clock: Clock, boxes: Boxes) -> None:
        super().__init__(database, clock)
        self._boxes = boxes

    async def commit(self, batch: Batch) -> Committed:
        """Write a batch; what it revises comes off its shelf first, so that the history holds its text."""
        if batch.revisions:
            await self._boxes.restore([one.memory.id for one in batch.revisions])
        return await super().commit(batch)

    async def get(self, ids: Sequence[str]) -> list[Memory]:
        """Return memories by id, in order."""
        return await self._whole(await super().get(ids))

    async def fetch(self, keys: Sequence[int]) -> list[Memory]:
        """Return memories by key, in order."""
        return await self._whole(await super().fetch(keys))

    async def locate(self, places: Sequence[tuple[int, int]]) -> list[Located]:
        """Return memories with the characters of a chunk of each."""
        found = await super().locate(places)
        if not any(one.memory.text.endswith(MARK) for one in found):
            return found
        items = await self._whole([one.memory for one in found])
        return [_located(one, item) for one, item in zip(found, items, strict=True)]

    async def page(self, where: Where, *, limit: int, cursor: str | None = None, newest: bool = True) -> Page:
        """Return one page in the order of writing."""
        found = await super().page(where, limit=limit, cursor=cursor, newest=newest)
        return Page(tuple(await self._whole(list(found.memories))), found.cursor)

    async def same(self, scope: Scope, content_hash: str) -> Memory | None:
        """Return the note or fact that says this already."""
        found = await super().same(scope, content_hash)
        return None if found is None else (await self._whole([found]))[0]

    async def history(self, memory_id: str) -> list[Change]:
        """Return all changes of one memory."""
        return await self._told(await super().history(memory_id))

    async def changes(self, after: int, *, limit: int = 1000, reach: Reach | None = None) -> list[Change]:
        """Return the log after a place in it."""
        return await self._told(await super().changes(after, limit=limit, reach=reach))

    async def turns(self, reach: Reach, *, around: int | None = None, span: int = 0) -> list[Memory]:
        """Return a conversation's turns in order."""
        return await self._whole(await super().turns(reach, around=around, span=span))

    async def _whole(self, items: list[Memory]) -> list[Memory]:
        marked = [item.id for item in items if item.text.endswith(MARK)]
        if not marked:
            return items
        found = await self._boxes.texts(marked)
        return [_filled(item, found) for item in items]

    async def _told(self, changes: list[Change]) -> list[Change]:
        marked = [item.id for change in changes for item in _memories(change.event) if item.text.endswith(MARK)]
        if not marked:
            return changes
        found = await self._boxes.texts(marked)
        return [replace(change, event=_event(change.event, found)) for change in changes]


def _memories(event: Event) -> tuple[Memory, ...]:
    match event:
        case Add():
            return (event.memory,)
        case Revise() | Retire():
            return (event.before, event.memory)
        case _:
            return ()


def _event(event: Event, found: Found) -> Event:
    match event:
        case Add():
            return Add(_filled(event.memory, found))
        case Revise():
            return Revise(_filled(event.before, found), _filled(event.memory, found))
        case Retire():
            return Retire(_filled(event.before, found), _filled(event.memory, found))
        case _:
            return event


def _filled(item: Memory, found: Found) -> Memory:
    if not item.text.endswith(MARK):
        return item
    if item.id in found.texts:
        return replace(item, text=found.texts[item.id])
    if item.id in found.away:
        return replace(item, text=f"{item.text.removesuffix(MARK)}… [the rest lies at {found.away[item.id]}]")
    return item


def _located(one: Located, item: Memory) -> Located:
    end = min(one.end, len(item.text))
    return Located(one.key, item, one.start, end) if one.start < end else Located(one.key, item, 0, len(item.text))
