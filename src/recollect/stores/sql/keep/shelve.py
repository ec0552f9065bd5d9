"""Moves texts out of their rows, into boxes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from recollect.models import Task
from recollect.stores.objects.vault import Vault, new_name
from recollect.stores.sql.database import Database
from recollect.stores.sql.keep.purge import UNBOX
from recollect.stores.sql.keep.text import packed, plain, stub
from recollect.stores.sql.keep.waste import Put
from recollect.stores.sql.lock import TENANT, hold
from recollect.stores.sql.schema import box, memory, shelved
from recollect.stores.sql.write import push_jobs

HERE: Final = 32 << 10
"""Characters of text in a box here: it is opened as a whole to read one of them."""
AWAY: Final = 256 << 10
"""Characters of text in an object."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A box that is ready: the ids and texts of memories by key; in object storage its name and the key of its row."""

    tenant: int
    texts: Mapping[int, tuple[str, str]]
    place: str = ""
    name: str = ""
    key: int = 0

    @property
    def by_id(self) -> dict[str, str]:
        """The texts by the ids of their memories."""
        return dict(self.texts.values())


def filled(connection: sa.Connection, keys: Sequence[int], most: int) -> list[Filled]:
    """Return the texts of memories in boxes of one tenant each, of about `most` characters."""
    query = sa.select(memory.c.key, memory.c.id, memory.c.tenant, memory.c.text).where(memory.c.key.in_(keys))
    rows = connection.execute(query.order_by(memory.c.tenant, memory.c.key)).all()
    return [Filled(rows[0].tenant, {row.key: (row.id, row.text) for row in rows}) for rows in _parted(rows, most)]


async def sent(database: Database, vault: Vault, boxes: Sequence[Filled]) -> list[Filled]:
    """Put boxes into object storage. Their rows are there before, so that what a crash leaves behind is known."""
    ready = [Filled(one.tenant, one.texts, vault.name, new_name()) for one in boxes]
    keys = await database.write(lambda connection: [_insert(connection, one, None) for one in ready])
    for one in ready:
        await asyncio.to_thread(vault.put, one.name, plain(one.by_id))
    return [Filled(one.tenant, one.texts, one.place, one.name, key) for one, key in zip(ready, keys, strict=True)]


def shelve(connection: sa.Connection, run: int, boxes: Sequence[Filled], now: int) -> Put:
    """Take the texts of these boxes out of their rows, those excepted that have changed meanwhile."""
    hold(connection, TENANT, {one.tenant for one in boxes})
    done = Put()
    for one in boxes:
        done = done + _shelve(connection, run, one, now)
    return done


def _shelve(connection: sa.Connection, run: int, one: Filled, now: int) -> Put:
    if one.key and connection.execute(sa.select(box.c.key).where(box.c.key == one.key)).first() is None:
        return Put()
    moved: dict[int, tuple[str, str]] = {}
    for key, (name, text) in one.texts.items():
        here = sa.and_(memory.c.key == key, memory.c.text == text, ~sa.exists().where(shelved.c.memory == key))
        if connection.execute(sa.update(memory).where(here).values(text=stub(text))).rowcount:
            moved[key] = (name, text)
    if one.place and len(moved) < len(one.texts):
        push_jobs(connection, [Task(UNBOX, {"boxes": [one.key]})], now)
    if not moved:
        return Put()
    body = None if one.place else packed(dict(moved.values()))
    lies = one.key or _insert(connection, one, body)
    connection.execute(sa.insert(shelved), [{"memory": key, "box": lies, "run": run} for key in moved])
    before = sum(_bytes(text) for _, text in moved.values())
    after = sum(_bytes(stub(text)) for _, text in moved.values()) + len(body or b"")
    return Put(len(moved), before, after)


def _insert(connection: sa.Connection, one: Filled, body: bytes | None) -> int:
    size = len(plain(one.by_id)) if body is None else len(body)
    values = {"tenant": one.tenant, "place": one.place, "name": one.name, "body": body, "size": size}
    return int(connection.execute(sa.insert(box).values(values).returning(box.c.key)).scalar_one())


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _parted(rows: Sequence[Any], most: int) -> Iterator[list[Any]]:
    part: list[Any] = []
    size = 0
    for row in rows:
        if part and (row.tenant != part[0].tenant or size >= most):
            yield part
            part, size = [], 0
        part.append(row)
        size += len(row.text)
    if part:
        yield part
