"""What goes with memories when they are deleted, found out before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from recollect.models import Kind
from recollect.stores.sql.schema import derivation, memory
from recollect.stores.sql.write import some

DERIVED = (Kind.FACT, Kind.SUMMARY, Kind.OBSERVATION)


@dataclass(slots=True)
class Circle:
    """What a deletion takes along: memories that go (id to key), and facts that stay with fewer sources.

    `fewer` holds, by id, the sources that a fact is left with.
    """

    gone: dict[str, int] = field(default_factory=dict)
    fewer: dict[str, list[str]] = field(default_factory=dict)


def circle(connection: sa.Connection, ids: Sequence[str]) -> Circle:
    """Return what deleting memories takes along, by the rules of `delete.delete_all`."""
    found = Circle()
    waiting = list(ids)
    while waiting:
        new = {name: key for name, key in _keys(connection, waiting).items() if name not in found.gone}
        found.gone.update(new)
        waiting = _derived(connection, list(new), found)
    found.fewer = {name: left for name, left in found.fewer.items() if name not in found.gone}
    return found


def replacing(connection: sa.Connection, ids: Sequence[str]) -> frozenset[str]:
    """Return which of these have taken the place of a memory that is not among them and would be true again."""
    inside = set(ids)
    found: set[str] = set()
    for part in some(ids):
        query = sa.select(memory.c.id, memory.c.superseded_by).where(memory.c.superseded_by.in_(part))
        found.update(row.superseded_by for row in connection.execute(query) if row.id not in inside)
    return frozenset(found)


def _keys(connection: sa.Connection, ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in some(ids):
        query = sa.select(memory.c.id, memory.c.key).where(memory.c.id.in_(part))
        found.update((row.id, row.key) for row in connection.execute(query))
    return found


def _derived(connection: sa.Connection, sources: Sequence[str], found: Circle) -> list[str]:
    doomed: list[str] = []
    for part in some(sources):
        made = sa.select(derivation.c.memory).where(derivation.c.source.in_(part))
        query = sa.select(memory.c.id, memory.c.kind, memory.c.sources, memory.c.repeats)
        query = query.where(memory.c.key.in_(made), memory.c.kind.in_(DERIVED))
        for row in connection.execute(query).all():
            left = [source for source in row.sources if source not in found.gone]
            repeats = row.repeats - (len(row.sources) - len(left))
            if row.kind == Kind.SUMMARY or not (left or repeats > 0):
                doomed.append(row.id)
            else:
                found.fewer[row.id] = left
    return [name for name in doomed if name not in found.gone]
