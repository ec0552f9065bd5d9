"""The graph of entities, over the SQL tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from recollect.models import Entity, EntityType, Reach, Relation, Where
from recollect.stores.sql.database import Database
from recollect.stores.sql.graph_write import fold
from recollect.stores.sql.row import moment
from recollect.stores.sql.schema import conversation, entity, memory, mention, relation, tenant
from recollect.stores.sql.tenants import tenants_in
from recollect.stores.sql.where import conditions

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
            lambda connection: _entities(connection, _known(connection, reach).where(entity.c.folded.in_(folded)))
        )

    async def list(self, reach: Reach, *, limit: int = 100) -> list[Entity]:
        """Return entities, the most mentioned first."""
        return await self._database.read(
            lambda connection: _entities(connection, _known(connection, reach).limit(limit))
        )

    async def known(self, reach: Reach, names: Sequence[str]) -> Sequence[int]:
        """Return the ids of the entities with these names."""
        folded = [fold(name) for name in names]

        def work(connection: sa.Connection) -> Sequence[int]:
            query = sa.select(entity.c.key).where(entity.c.tenant.in_(tenants_in(connection, reach)))
            return connection.execute(query.where(entity.c.folded.in_(folded))).scalars().all()

        return await self._database.read(work)

    async def mentions(self, where: Where, entities: Sequence[int], limit: int) -> Keys:
        """Return memories that mention any of the entities, newest first."""

        def work(connection: sa.Connection) -> Keys:
            # The index of mentions gives the latest first; led by the tenant, SQLite would walk all its memories.
            named = sa.select(mention.c.memory).where(mention.c.entity.in_(list(entities))).distinct()
            named = named.order_by(mention.c.memory.desc()).limit(limit * SPARE)
            query = (
                sa.select(memory.c.key)
                .select_from(
                    memory.join(tenant, memory.c.tenant == tenant.c.key).outerjoin(
                        conversation, memory.c.conversation == conversation.c.key
                    )
                )
                .where(memory.c.key.in_(named), *conditions(connection, where))
                .order_by(memory.c.key.desc())
                .limit(limit)
            )
            return np.array(connection.execute(query).scalars().all(), np.int64)

        return await self._database.read(work)

    async def neighbours(self, reach: Reach, name: str, *, limit: int = 50) -> Sequence[Relation]:
        """Return the relations of an entity, the strongest first."""
        return await self._database.read(lambda connection: _neighbours(connection, reach, name, limit))


def _known(connection: sa.Connection, reach: Reach) -> sa.Select[Any]:
    count = sa.func.count(mention.c.memory).label("mentions")
    return (
        sa.select(entity, tenant.c.user_id, tenant.c.project_id, count)
        .join(tenant, entity.c.tenant == tenant.c.key)
        .outerjoin(mention, mention.c.entity == entity.c.key)
        .where(entity.c.tenant.in_(tenants_in(connection, reach)))
        .group_by(entity.c.key, tenant.c.key)
        .order_by(count.desc(), entity.c.name)
    )


def _entities(connection: sa.Connection, query: sa.Select[Any]) -> list[Entity]:
    return [
        Entity(row.key, row.name, EntityType(row.type), row.user_id, row.project_id, row.mentions)
        for row in connection.execute(query)
    ]


def _neighbours(connection: sa.Connection, reach: Reach, name: str, limit: int) -> list[Relation]:
    subject, other = entity.alias("subject"), entity.alias("other")
    weight = sa.func.count(relation.c.memory.distinct()).label("weight")
    # A relation holds as long as what says so; one that anything still says has not ended.
    begun = sa.func.coalesce(relation.c.valid_from, memory.c.valid_from)
    ended = sa.func.coalesce(relation.c.valid_to, memory.c.valid_to)
    over = sa.case((sa.func.count(ended) == sa.func.count(), sa.func.max(ended)))
    query = (
        sa.select(
            subject.c.name.label("subject"),
            relation.c.predicate,
            other.c.name.label("object"),
            weight,
            sa.func.min(begun).label("valid_from"),
            over.label("valid_to"),
        )
        .join(memory, relation.c.memory == memory.c.key)
        .join(subject, relation.c.subject == subject.c.key)
        .join(other, relation.c.object == other.c.key)
        .where(
            subject.c.tenant.in_(tenants_in(connection, reach)),
            sa.or_(subject.c.folded == fold(name), other.c.folded == fold(name)),
        )
        .group_by(subject.c.name, relation.c.predicate, other.c.name)
        .order_by(weight.desc(), subject.c.name, relation.c.predicate, other.c.name)
        .limit(limit)
    )
    return [
        Relation(
            row.subject,
            row.predicate,
            row.object,
            row.weight,
            None if row.valid_from is None else moment(row.valid_from),
            None if row.valid_to is None else moment(row.valid_to),
        )
        for row in connection.execute(query)
    ]
