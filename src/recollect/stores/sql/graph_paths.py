"""Paths between entities: sought step by step from one end, and told by what the rows say of each step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

import sqlalchemy as sa

from recollect.models import EntityPath, Relation
from recollect.stores.paths import Seeking, Way
from recollect.stores.sql.graph_relations import counted, holding, relations
from recollect.stores.sql.schema import entity, memory, relation, tenant
from recollect.stores.sql.write import some


def ends(connection: sa.Connection, tenants: Sequence[int], start: str, end: str) -> list[tuple[int, int]]:
    """Return the keys of two entities (by folded name) in each tenant that knows both."""
    if start == end:
        return []
    rows = connection.execute(
        sa.select(entity.c.tenant, entity.c.folded, entity.c.key).where(
            entity.c.tenant.in_(tenants), entity.c.folded.in_([start, end])
        )
    ).all()
    keys = {(row.tenant, row.folded): row.key for row in rows}
    both = sorted({owner for owner, _ in keys})
    return [(keys[owner, start], keys[owner, end]) for owner in both if {(owner, start), (owner, end)} <= keys.keys()]


def shortest(connection: sa.Connection, start: int, end: int, at: datetime | None, hops: int) -> list[Way]:
    """Return the shortest ways from an entity to another; none where they are further apart than `hops`."""
    seeking = Seeking(start, end)
    for _ in range(hops):
        seeking.step(_ties(connection, sorted(seeking.edge), at))
    return seeking.ways()


def told(
    connection: sa.Connection, tenants: Sequence[int], ways: Iterable[Way], at: datetime | None, limit: int
) -> list[EntityPath] | None:
    """Return ways as paths, in order; `None` where any of them is not as the rows say."""
    ways = list(ways)
    known = names(connection, tenants, {key for way in ways for key in way})
    if any(key not in known for way in ways for key in way):
        return None
    first = sorted(ways, key=lambda way: (len(way), *(known[key][2] for key in way), way))[:limit]
    steps = _steps(connection, tenants, first, at)
    found = []
    for way in first:
        pairs = [frozenset(pair) for pair in pairwise(way)]
        if any(pair not in steps for pair in pairs):
            return None
        user, project, _ = known[way[0]]
        found.append(EntityPath(user, project, tuple(known[key][2] for key in way), tuple(steps[p] for p in pairs)))
    return found


def names(connection: sa.Connection, tenants: Sequence[int], keys: Iterable[int]) -> dict[int, tuple[str, str, str]]:
    """Return the user, the project and the name of each entity that is one of these tenants'."""
    query = (
        sa.select(entity.c.key, tenant.c.user_id, tenant.c.project_id, entity.c.name)
        .join(tenant, entity.c.tenant == tenant.c.key)
        .where(entity.c.tenant.in_(tenants))
    )
    found: dict[int, tuple[str, str, str]] = {}
    for part in some(sorted(keys)):
        rows = connection.execute(query.where(entity.c.key.in_(part)))
        found.update((row.key, (row.user_id, row.project_id, row.name)) for row in rows)
    return found


def _ties(connection: sa.Connection, keys: Sequence[int], at: datetime | None) -> set[tuple[int, int]]:
    query = (
        sa.select(relation.c.subject, relation.c.object)
        .join(memory, relation.c.memory == memory.c.key)
        .where(*holding(at))
        .distinct()
    )
    found: set[tuple[int, int]] = set()
    for part in some(keys):
        for column in (relation.c.subject, relation.c.object):
            found.update((row.subject, row.object) for row in connection.execute(query.where(column.in_(part))))
    return found


def _steps(
    connection: sa.Connection, tenants: Sequence[int], ways: Sequence[Way], at: datetime | None
) -> dict[frozenset[int], Relation]:
    """Return the strongest relation between each two entities that follow each other in a way."""
    wanted = {frozenset(pair) for way in ways for pair in pairwise(way)}
    keys = sorted({key for pair in wanted for key in pair})
    steps: dict[frozenset[int], tuple[tuple[object, ...], Relation]] = {}
    query = counted(tenants, at, relation.c.subject.label("one"), relation.c.object.label("another"))
    for part in some(keys):
        rows = connection.execute(query.where(relation.c.subject.in_(part), relation.c.object.in_(keys))).all()
        for row, told_ in zip(rows, relations(rows), strict=True):
            pair = frozenset((row.one, row.another))
            order = (-told_.weight, told_.subject, told_.predicate, told_.object)
            if pair in wanted and (pair not in steps or order < steps[pair][0]):
                steps[pair] = (order, told_)
    return {pair: told_ for pair, (_, told_) in steps.items()}
