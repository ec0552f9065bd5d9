"""The graph of entities, over the SQL tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from recollect.models import Community, Entity, EntityPath, EntityType, Reach, Relation, Where
from recollect.stores.sql.database import Database
from recollect.stores.sql.graph_paths import ends, shortest, told
from recollect.stores.sql.graph_relations import counted, relations
from recollect.stores.sql.graph_ties import grouped, ties
from recollect.stores.sql.graph_write import fold
from recollect.stores.sql.schema import entity, memory, mention, relation, tenant
from recollect.stores.sql.tenants import tenants_in
from recollect.stores.sql.where import meeting

if TYPE_CHECKING:
    from recollect.exchange import Keys


SPARE = 8
"""How many more mentions are read than asked for, since some may not meet the conditions."""


class SqlGraph:
    """The Graph port over the SQL core."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entities(self, reach: Reach, names: Sequence[str]) -> list[Entity]:
        """Return the entities with these names."""
        folded = [fold(name) for name in names]
        return await self._database.read(
            lambda connection: entities_of(connection, mentioned(connection, reach).where(entity.c.folded.in_(folded))),
            reach=reach,
        )

    async def list(self, reach: Reach, *, limit: int = 100) -> list[Entity]:
        """Return entities, the most mentioned first."""
        return await self._database.read(
            lambda connection: entities_of(connection, mentioned(connection, reach).limit(limit)), reach=reach
        )

    async def known(self, reach: Reach, names: Sequence[str]) -> Sequence[int]:
        """Return the ids of the entities with these names."""
        folded = [fold(name) for name in names]

        def work(connection: sa.Connection) -> Sequence[int]:
            query = sa.select(entity.c.key).where(entity.c.tenant.in_(tenants_in(connection, reach)))
            return connection.execute(query.where(entity.c.folded.in_(folded))).scalars().all()

        return await self._database.read(work, reach=reach)

    async def mentions(self, where: Where, entities: Sequence[int], limit: int) -> Keys:
        """Return memories that mention any of the entities, newest first."""

        def work(connection: sa.Connection) -> Keys:
            # The index of mentions gives the latest first; led by the tenant, SQLite would walk all its memories.
            named = sa.select(mention.c.memory).where(mention.c.entity.in_(list(entities))).distinct()
            named = named.order_by(mention.c.memory.desc()).limit(limit * SPARE)
            query = meeting(connection, sa.select(memory.c.key), memory, where).where(memory.c.key.in_(named))
            query = query.order_by(memory.c.key.desc()).limit(limit)
            return np.array(connection.execute(query).scalars().all(), np.int64)

        return await self._database.read(work, reach=where.reach)

    async def neighbours(
        self, reach: Reach, name: str, *, at: datetime | None = None, limit: int = 50
    ) -> Sequence[Relation]:
        """Return the relations of an entity, the strongest first."""

        def work(connection: sa.Connection) -> Sequence[Relation]:
            tenants = tenants_in(connection, reach)
            named = sa.select(entity.c.key).where(entity.c.tenant.in_(tenants), entity.c.folded == fold(name))
            query = counted(tenants, at).where(relation.c.subject.in_(named) | relation.c.object.in_(named))
            return relations(connection.execute(query.limit(limit)))

        return await self._database.read(work, reach=reach)

    async def paths(
        self, reach: Reach, start: str, end: str, *, at: datetime | None = None, hops: int = 4, limit: int = 10
    ) -> Sequence[EntityPath]:
        """Return the shortest paths between two entities."""

        def work(connection: sa.Connection) -> Sequence[EntityPath]:
            tenants = tenants_in(connection, reach)
            pairs = ends(connection, tenants, fold(start), fold(end))
            ways = [way for one, other in pairs for way in shortest(connection, one, other, at, hops)]
            return told(connection, tenants, ways, at, limit) or []

        return await self._database.read(work, reach=reach)

    async def communities(self, reach: Reach, *, at: datetime | None = None, limit: int = 20) -> Sequence[Community]:
        """Return groups of entities that are tied closely."""

        def work(connection: sa.Connection) -> Sequence[Community]:
            tenants = tenants_in(connection, reach)
            return grouped(connection, tenants, ties(connection, tenants, at), limit)

        return await self._database.read(work, reach=reach)


def mentioned(connection: sa.Connection, reach: Reach) -> sa.Select[Any]:
    """Return the entities in reach and how many memories name each, the most mentioned first."""
    count = sa.func.count(mention.c.memory).label("mentions")
    return (
        sa.select(entity, tenant.c.user_id, tenant.c.project_id, count)
        .join(tenant, entity.c.tenant == tenant.c.key)
        .outerjoin(mention, mention.c.entity == entity.c.key)
        .where(entity.c.tenant.in_(tenants_in(connection, reach)))
        .group_by(entity.c.key, tenant.c.key)
        .order_by(count.desc(), entity.c.name)
    )


def entities_of(connection: sa.Connection, query: sa.Select[Any]) -> list[Entity]:
    """Return what a query like `mentioned` finds."""
    return [
        Entity(row.key, row.name, EntityType(row.type), row.user_id, row.project_id, row.mentions)
        for row in connection.execute(query)
    ]
