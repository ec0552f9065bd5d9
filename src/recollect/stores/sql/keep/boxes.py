"""The shelves: texts that lie compressed in the store (warm) or in object storage (cold) instead of in their rows."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from recollect.errors import ConfigError, NotFound, RecollectError, StoreDamaged
from recollect.stores.objects.vault import Vault, new_name
from recollect.stores.sql.database import Database
from recollect.stores.sql.keep.purge import close_boxes, living
from recollect.stores.sql.keep.text import packed, plain, read, stub, unpacked
from recollect.stores.sql.lock import TENANT, hold
from recollect.stores.sql.schema import box, memory, shelved
from recollect.stores.sql.write import some

HELD: Final = 16 << 20
"""Bytes of cold texts that are kept in memory once they were read."""


@dataclass(frozen=True, slots=True)
class Found:
    """Texts by id, and the ids of those that lie where nobody answers, with what that place is called."""

    texts: Mapping[str, str]
    away: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Box:
    key: int
    place: str
    name: str
    body: bytes | None


class Boxes:
    """Reads texts from where they lie, brings them back, and takes deleted ones out of object storage."""

    def __init__(self, database: Database, vault: Vault | None = None, wait: float = 3.0) -> None:
        self.vault = vault
        self._database, self._wait = database, wait
        self._held: OrderedDict[str, dict[str, str]] = OrderedDict()
        self._size = 0

    async def texts(self, ids: Iterable[str], *, wait: bool = True) -> Found:
        """Return the texts of those that are shelved; with `wait`, cold ones that take long count as away."""
        wanted = list(dict.fromkeys(ids))
        boxes, where = await self._database.read(lambda connection: _where(connection, wanted))
        opened = await asyncio.gather(*(self._opened(one, wait=wait) for one in boxes.values()))
        texts: dict[str, str] = {}
        away: dict[str, str] = {}
        for one, content in zip(boxes.values(), opened, strict=True):
            for name in where[one.key]:
                if content is not None and name in content:
                    texts[name] = content[name]
                else:
                    away[name] = one.place
        return Found(texts, away)

    def texts_now(self, ids: Iterable[str]) -> dict[str, str]:
        """Do the same on the caller's thread, for as long as it takes; raise StoreError for what cannot be read."""
        wanted = list(dict.fromkeys(ids))
        boxes, where = self._database.read_now(lambda connection: _where(connection, wanted))
        found: dict[str, str] = {}
        for one in boxes.values():
            content = self.content(one)
            found.update((name, content[name]) for name in where[one.key] if name in content)
        return found

    async def restore(self, ids: Sequence[str]) -> int:
        """Put texts back into their rows; return how many were shelved. Raises StoreError for what cannot be read."""
        done = 0
        for part in some(list(dict.fromkeys(ids))):
            boxes, where = await self._database.read(partial(_where, ids=part))
            if not boxes:
                continue
            texts: dict[str, str] = {}
            for one in boxes.values():
                content = await asyncio.to_thread(self.content, one)
                texts.update((name, content[name]) for name in where[one.key] if name in content)
            done += await self._database.write(partial(_back, texts=texts))
        return done

    async def shelved(self, run: int, limit: int) -> list[str]:
        """Return the ids of some memories that a run put on a shelf, and that are there still."""
        query = sa.select(memory.c.id).join(shelved, shelved.c.memory == memory.c.key).where(shelved.c.run == run)
        query = query.order_by(memory.c.key).limit(limit)
        return await self._database.read(lambda connection: list(connection.execute(query).scalars()))

    async def every(self) -> dict[str, dict[str, str]]:
        """Return what every box holds, by where it lies; raise StoreError for one that cannot be read. Reads it all."""
        query = sa.select(box).order_by(box.c.key)
        rows = await self._database.read(lambda connection: list(map(_box, connection.execute(query))))
        found: dict[str, dict[str, str]] = {}
        for one in rows:
            name = f"{one.place}/{one.name}" if one.place else f"box {one.key}"
            found[name] = await asyncio.to_thread(self.content, one)
        return found

    async def body(self, key: int) -> bytes:
        """Return what a cold box holds, as it would lie in a box here; without what has been deleted from it.

        Raises ConfigError where the settings do not name its place, StoreError where it cannot be read there.
        """
        query, before = sa.select(box.c.place, box.c.name).where(box.c.key == key), ""
        while True:
            row = await self._database.read(lambda connection: connection.execute(query).first())
            if row is None or not row.place:
                return packed({})
            try:
                return packed(read(await asyncio.to_thread(self._vault(row.place).get, row.name)))
            except NotFound as error:  # it has just been written anew, under another name
                if row.name == before:
                    raise StoreDamaged(
                        f"The cold object {row.name} is gone from {row.place}",
                        hint="Fetch it from a copy of that place.",
                    ) from error
                before = row.name

    async def unbox(self, keys: Sequence[int]) -> None:
        """Take out of cold objects what no memory has there any more; doing it again does nothing."""
        for key in keys:
            await self._unbox(key)

    async def sweep(self) -> None:
        """Remove objects that were made ready by a process that then died."""
        bare = ~sa.exists().where(shelved.c.box == box.c.key)
        query = sa.select(box.c.key).where(box.c.place != "", bare)
        await self.unbox(await self._database.read(lambda connection: list(connection.execute(query).scalars())))

    def forget(self) -> None:
        """Let go of what is held in memory."""
        self._held.clear()
        self._size = 0

    def content(self, one: Any) -> dict[str, str]:
        """Return what a box holds, on the caller's thread."""
        if not one.place:
            return unpacked(bytes(one.body or b""))
        held = self._held.get(one.name)
        if held is None:
            held = read(self._vault(one.place).get(one.name))
            self._hold(one.name, held)
        return held

    def _vault(self, place: str) -> Vault:
        if self.vault is None or self.vault.name != place:
            raise ConfigError(
                f"Texts lie at {place}, which the settings do not name", hint=f"Set retention.to to {place}."
            )
        return self.vault

    def _hold(self, name: str, content: dict[str, str]) -> None:
        self._held[name] = content
        self._size += sum(map(len, content.values()))
        while self._size > HELD and len(self._held) > 1:
            self._size -= sum(map(len, self._held.popitem(last=False)[1].values()))

    async def _opened(self, one: _Box, *, wait: bool) -> dict[str, str] | None:
        if not one.place:
            return self.content(one)
        try:
            async with asyncio.timeout(self._wait if wait else None):
                return await asyncio.to_thread(self.content, one)
        except (RecollectError, TimeoutError):
            return None

    async def _unbox(self, key: int) -> None:
        """Write the object anew without them, then let the row name that, then remove the old one."""

        def look(connection: sa.Connection) -> tuple[_Box | None, frozenset[str]]:
            row = connection.execute(sa.select(box).where(box.c.key == key)).first()
            return None if row is None else _box(row), living(connection, key)

        one, left = await self._database.read(look)
        if one is None or not one.place:
            return
        vault = self._vault(one.place)
        try:
            content = await asyncio.to_thread(lambda: read(vault.get(one.name)))
        except (NotFound, StoreDamaged):
            content = {}
        kept = {name: text for name, text in content.items() if name in left}
        if kept and len(kept) == len(content):
            return
        body = plain(kept)
        name = new_name() if kept else ""
        if kept:
            await asyncio.to_thread(vault.put, name, body)
        await self._database.write(lambda connection: _renamed(connection, one, name, len(body)))
        await asyncio.to_thread(vault.drop, one.name)
        self.forget()


def _where(connection: sa.Connection, ids: Sequence[str]) -> tuple[dict[int, _Box], dict[int, list[str]]]:
    """Return the boxes that hold texts of memories, and whose are in each."""
    boxes: dict[int, _Box] = {}
    where: dict[int, list[str]] = {}
    for part in some(list(ids)):
        query = (
            sa.select(memory.c.id, box)
            .select_from(shelved.join(memory, shelved.c.memory == memory.c.key).join(box, shelved.c.box == box.c.key))
            .where(memory.c.id.in_(part))
        )
        for row in connection.execute(query):
            boxes.setdefault(row.key, _box(row))
            where.setdefault(row.key, []).append(row.id)
    return boxes, where


def _box(row: sa.Row[Any]) -> _Box:
    return _Box(row.key, row.place, row.name, None if row.body is None else bytes(row.body))


def _back(connection: sa.Connection, texts: Mapping[str, str]) -> int:
    """Write texts into their rows, where these still hold how they begin; close the boxes."""
    done, touched = 0, set()
    for part in some(list(texts)):
        query = sa.select(memory.c.id, memory.c.key, memory.c.tenant, shelved.c.box)
        query = query.join(shelved, shelved.c.memory == memory.c.key).where(memory.c.id.in_(part))
        rows = connection.execute(query).all()
        hold(connection, TENANT, {row.tenant for row in rows})
        for row in rows:
            here = sa.and_(memory.c.key == row.key, memory.c.text == stub(texts[row.id]))
            done += connection.execute(sa.update(memory).where(here).values(text=texts[row.id])).rowcount
            touched.add(row.box)
        keys = [row.key for row in rows]
        connection.execute(sa.delete(shelved).where(shelved.c.memory.in_(keys)))
    close_boxes(connection, sorted(touched), 0)
    return done


def _renamed(connection: sa.Connection, one: _Box, name: str, size: int) -> None:
    here = sa.and_(box.c.key == one.key, box.c.name == one.name)
    if name:
        connection.execute(sa.update(box).where(here).values(name=name, size=size))
    else:
        empty = ~sa.exists().where(shelved.c.box == box.c.key)
        connection.execute(sa.delete(box).where(here, empty))
