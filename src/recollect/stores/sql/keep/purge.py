"""Delete means gone: what retention has put away of a memory goes in the transaction that deletes it."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from recollect.models import Task
from recollect.stores.sql.keep.text import packed, unpacked
from recollect.stores.sql.schema import box, memory, shelved, waste, waste_source
from recollect.stores.sql.write import push_jobs, some

UNBOX = "unbox"
"""The job that takes deleted texts out of cold objects."""


def empty_waste(connection: sa.Connection, ids: Sequence[str]) -> int:
    """Take memories, and what was derived from them, out of the waste; return how many were there."""
    gone = 0
    waiting = list(ids)
    while waiting:
        keys: dict[int, str] = {}
        for part in some(waiting):
            made = sa.select(waste_source.c.waste).where(waste_source.c.source.in_(part))
            query = sa.select(waste.c.key, waste.c.memory_id)
            query = query.where(sa.or_(waste.c.memory_id.in_(part), waste.c.key.in_(made)))
            keys.update((row.key, row.memory_id) for row in connection.execute(query))
        for some_keys in some(list(keys)):
            connection.execute(sa.delete(waste_source).where(waste_source.c.waste.in_(some_keys)))
            connection.execute(sa.delete(waste).where(waste.c.key.in_(some_keys)))
        gone += len(keys)
        waiting = list(dict.fromkeys(keys.values()))
    return gone


def empty_tenants(connection: sa.Connection, tenants: Sequence[int]) -> int:
    """Take everything of tenants out of the waste; return how many memories were there."""
    inside = sa.select(waste.c.key).where(waste.c.tenant.in_(tenants))
    connection.execute(sa.delete(waste_source).where(waste_source.c.waste.in_(inside)))
    return connection.execute(sa.delete(waste).where(waste.c.tenant.in_(tenants))).rowcount


def boxes_of(connection: sa.Connection, keys: Sequence[int]) -> list[int]:
    """Return the boxes that hold texts of memories."""
    found: dict[int, None] = {}
    for part in some(keys):
        query = sa.select(shelved.c.box).where(shelved.c.memory.in_(part)).distinct()
        found.update(dict.fromkeys(connection.execute(query).scalars()))
    return list(found)


def close_boxes(connection: sa.Connection, boxes: Sequence[int], now: int) -> None:
    """Take out of boxes what no memory has there any more: at once here, by a job in object storage."""
    away = []
    for part in some(boxes):
        for row in connection.execute(sa.select(box).where(box.c.key.in_(part))).all():
            if row.place:
                away.append(row.key)
            else:
                _rewrite(connection, row.key, unpacked(bytes(row.body)))
    if away:
        push_jobs(connection, [Task(UNBOX, {"boxes": away})], now)


def living(connection: sa.Connection, key: int) -> frozenset[str]:
    """Return the ids of the memories whose texts lie in a box."""
    query = sa.select(memory.c.id).join(shelved, shelved.c.memory == memory.c.key).where(shelved.c.box == key)
    return frozenset(connection.execute(query).scalars())


def _rewrite(connection: sa.Connection, key: int, texts: dict[str, str]) -> None:
    there = living(connection, key)
    left = {name: text for name, text in texts.items() if name in there}
    if not left:
        connection.execute(sa.delete(box).where(box.c.key == key))
    elif len(left) < len(texts):
        body = packed(left)
        connection.execute(sa.update(box).where(box.c.key == key).values(body=body, size=len(body)))
