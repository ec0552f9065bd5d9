"""Deleting: a memory goes with everything that repeats its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from recollect.exchange import Revision
from recollect.merge import travels
from recollect.models import Kind
from recollect.stores.sql.keep.purge import boxes_of, close_boxes, empty_waste
from recollect.stores.sql.row import from_row, select_memory
from recollect.stores.sql.schema import (
    change,
    conversation,
    derivation,
    entity,
    memory,
    mention,
    relation,
    reply,
)
from recollect.stores.sql.tellings import forget_talks, forget_told
from recollect.stores.sql.write import revise_all, some


def delete_all(connection: sa.Connection, ids: Sequence[str], now: int, *, wasted: bool = False) -> int:
    """Delete memories, what was derived from them alone, and their history; return how many memories went.

    The log keeps one entry a memory: that it was deleted. What retention has put away of them goes too, unless it is
    retention that deletes (`wasted`).
    """
    if not wasted:
        empty_waste(connection, ids)
    gone: dict[str, tuple[int, int]] = {}
    waiting = list(ids)
    while waiting:
        found = _rows(connection, [name for name in waiting if name not in gone])
        gone.update(found)
        waiting = [name for name in _derived(connection, list(found), set(gone)) if name not in gone]
    if not gone:
        return 0
    keys = [key for key, _ in gone.values()]
    touched = _entities(connection, keys)
    talks = _conversations(connection, keys)
    boxes = boxes_of(connection, keys)
    if not wasted:
        empty_waste(connection, list(gone))
    for part in some(list(gone)):
        connection.execute(sa.delete(change).where(change.c.memory_id.in_(part)))
    for keys_part in some(keys):
        connection.execute(sa.delete(memory).where(memory.c.key.in_(keys_part)))
    for part in some(list(gone)):
        connection.execute(sa.delete(derivation).where(derivation.c.source.in_(part)))
    connection.execute(
        sa.insert(change),
        [
            {"at": now, "verb": "delete", "memory_id": name, "memory": key, "tenant": owner, "version": 0}
            for name, (key, owner) in gone.items()
        ],
    )
    close_boxes(connection, boxes, now)
    connection.execute(sa.delete(reply))  # what was answered to requests may tell what is gone
    _sweep(connection, touched, talks)
    forget_told(connection, list(gone))
    _revive(connection, list(gone), now)
    return len(gone)


def _revive(connection: sa.Connection, gone: Sequence[str], now: int) -> None:
    """Let what was replaced by a memory that is gone be true again."""
    for part in some(gone):
        rows = connection.execute(select_memory().where(memory.c.superseded_by.in_(part))).mappings().all()
        back = [from_row(row) for row in rows]
        again = [replace(item, superseded_by=None, valid_to=None, version=item.version + 1) for item in back]
        revise_all(connection, [Revision(item) for item in again], now)


def reword(connection: sa.Connection, ids: Sequence[str], now: int) -> None:
    """Take away what was read from the former text of these memories: facts, summaries, mentions and relations."""
    doomed = [name for name in _derived(connection, list(ids), set(ids)) if name not in ids]
    if doomed:
        delete_all(connection, doomed, now)
    keys = [key for key, _ in _rows(connection, list(ids)).values()]
    touched = _entities(connection, keys)
    for part in some(keys):
        connection.execute(sa.delete(mention).where(mention.c.memory.in_(part)))
        connection.execute(sa.delete(relation).where(relation.c.memory.in_(part)))
    _sweep(connection, touched, set())


def take_out(connection: sa.Connection, key: int, name: str, now: int) -> None:
    """Remove a memory that is about to be written elsewhere, and what this store derived from it; its history stays."""
    made = sa.select(memory.c.id).join(derivation, derivation.c.memory == memory.c.key)
    rows = connection.execute(select_memory().where(memory.c.id.in_(made.where(derivation.c.source == name))))
    doomed = [item.id for item in map(from_row, rows.mappings()) if not travels(item)]
    if doomed:
        delete_all(connection, doomed, now)
    touched, talks = _entities(connection, [key]), _conversations(connection, [key])
    connection.execute(sa.delete(memory).where(memory.c.key == key))
    _sweep(connection, touched, talks)


def _rows(connection: sa.Connection, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for part in some(ids):
        query = sa.select(memory.c.id, memory.c.key, memory.c.tenant).where(memory.c.id.in_(part))
        found.update((row.id, (row.key, row.tenant)) for row in connection.execute(query))
    return found


def _derived(connection: sa.Connection, sources: Sequence[str], gone: set[str]) -> list[str]:
    """Return what lives on these sources alone; a summary lives on each of its sources.

    A fact that was said more often than it has sources was also written on purpose, and stays.
    """
    doomed: list[str] = []
    for part in some(sources):
        made = sa.select(derivation.c.memory).where(derivation.c.source.in_(part))
        query = sa.select(memory.c.id, memory.c.key, memory.c.kind, memory.c.sources, memory.c.repeats)
        query = query.where(memory.c.key.in_(made), memory.c.kind.in_([Kind.FACT, Kind.SUMMARY, Kind.OBSERVATION]))
        for row in connection.execute(query).all():
            left = [source for source in row.sources if source not in gone]
            repeats = row.repeats - (len(row.sources) - len(left))
            if row.kind == Kind.SUMMARY or not (left or repeats > 0):
                doomed.append(row.id)
            else:
                values = {"sources": left, "repeats": max(repeats, 1)}
                connection.execute(sa.update(memory).where(memory.c.key == row.key).values(values))
    return doomed


def _entities(connection: sa.Connection, keys: Sequence[int]) -> set[int]:
    touched: set[int] = set()
    for part in some(keys):
        touched.update(connection.execute(sa.select(mention.c.entity).where(mention.c.memory.in_(part))).scalars())
        for column in (relation.c.subject, relation.c.object):
            touched.update(connection.execute(sa.select(column).where(relation.c.memory.in_(part))).scalars())
    return touched


def _conversations(connection: sa.Connection, keys: Sequence[int]) -> set[int]:
    touched: set[int] = set()
    for part in some(keys):
        query = sa.select(memory.c.conversation).where(memory.c.key.in_(part), memory.c.conversation.is_not(None))
        touched.update(connection.execute(query.distinct()).scalars())
    return touched


def _sweep(connection: sa.Connection, entities: set[int], talks: set[int]) -> None:
    """Remove entities that nothing names any more, and conversations without a memory."""
    for part in some(sorted(entities)):
        named = (
            sa.exists().where(mention.c.entity == entity.c.key)
            | sa.exists().where(relation.c.subject == entity.c.key)
            | sa.exists().where(relation.c.object == entity.c.key)
        )
        connection.execute(sa.delete(entity).where(entity.c.key.in_(part), ~named))
    for part in some(sorted(talks)):
        used = sa.exists().where(memory.c.conversation == conversation.c.key)
        empty = conversation.c.key.in_(part) & ~used
        forget_talks(connection, empty)
        connection.execute(sa.delete(conversation).where(empty))
