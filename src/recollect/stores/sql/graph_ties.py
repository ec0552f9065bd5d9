"""What ties entities to each other, counted, and the communities that come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from recollect.models import Community
from recollect.stores.communities import communities, strongest
from recollect.stores.sql.graph_paths import names
from recollect.stores.sql.graph_relations import holding
from recollect.stores.sql.schema import entity, memory, mention, relation

STRONGEST = 20_000
"""Ties that communities are made of at most."""

LATEST = 20_000
"""Memories whose mentions count."""

NAMED = 50
"""Entities of a community that are named."""

Tie = tuple[int, int, int]
"""The keys of two entities, the smaller one first, and how many memories tie them."""


def ties(connection: sa.Connection, tenants: Sequence[int], at: datetime | None) -> list[Tie]:
    """Return the strongest ties between entities of these tenants."""
    count = sa.func.count(relation.c.memory.distinct())
    related = (
        sa.select(relation.c.subject, relation.c.object, count)
        .join(memory, relation.c.memory == memory.c.key)
        .join(entity, relation.c.subject == entity.c.key)
        .where(entity.c.tenant.in_(tenants), relation.c.subject != relation.c.object, *holding(at))
        .group_by(relation.c.subject, relation.c.object)
        .order_by(count.desc(), relation.c.subject, relation.c.object)
        .limit(STRONGEST)
    )
    first, second, times = mention.alias("first"), mention.alias("second"), sa.func.count()
    latest = (
        sa.select(memory.c.key)
        .where(memory.c.tenant.in_(tenants), *holding(at, memory.c.valid_from, memory.c.valid_to))
        .order_by(memory.c.key.desc())
        .limit(LATEST)
    )
    together = (
        sa.select(first.c.entity, second.c.entity, times)
        .join(second, sa.and_(first.c.memory == second.c.memory, first.c.entity < second.c.entity))
        .where(first.c.memory.in_(latest))
        .group_by(first.c.entity, second.c.entity)
        .order_by(times.desc(), first.c.entity, second.c.entity)
        .limit(STRONGEST)
    )
    return summed(tuple(row) for query in (related, together) for row in connection.execute(query))


def summed(found: Iterable[tuple[int, int, int]]) -> list[Tie]:
    """Return ties of whatever sort as one each, the strongest."""
    counts: Counter[tuple[int, int]] = Counter()
    for one, other, strength in found:
        counts[min(one, other), max(one, other)] += strength
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:STRONGEST]
    return [(one, other, strength) for (one, other), strength in ranked]


def grouped(connection: sa.Connection, tenants: Sequence[int], found: Sequence[Tie], limit: int) -> list[Community]:
    """Return the communities that ties make, as far as the rows know their entities."""
    known = names(connection, tenants, {key for one, other, _ in found for key in (one, other)})
    kept = [tie for tie in found if tie[0] in known and tie[1] in known]
    group_of = {key: number for number, group in enumerate(communities(kept)) for key in group}
    inner: dict[int, list[Tie]] = {}
    for tie in kept:
        if group_of[tie[0]] == group_of[tie[1]]:
            inner.setdefault(group_of[tie[0]], []).append(tie)
    made = [_community(mine, known) for mine in inner.values()]
    made.sort(key=lambda one: (-one.weight, one.user_id, one.project_id, one.entities))
    return made[:limit]


def _community(inner: Sequence[Tie], known: dict[int, tuple[str, str, str]]) -> Community:
    whole, weights = strongest(inner)
    members = sorted(weights, key=lambda key: (-weights[key], known[key][2], key))
    user, project, _ = known[members[0]]
    return Community(user, project, len(members), whole, tuple(known[key][2] for key in members[:NAMED]))
