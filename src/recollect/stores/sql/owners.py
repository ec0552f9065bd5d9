"""Who has memories, read from the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from recollect.models import Coordinate, Kind, Owner, Reach
from recollect.stores.sql.database import Database
from recollect.stores.sql.row import moment
from recollect.stores.sql.schema import conversation, memory, tenant
from recollect.stores.sql.tenants import tenants_in

_NAMES: Mapping[Coordinate, sa.ColumnElement[Any]] = {
    "user_id": tenant.c.user_id,
    "project_id": tenant.c.project_id,
    "conversation_id": conversation.c.name,
    "agent_id": memory.c.agent_id,
}
_MEMORIES = memory.join(tenant, memory.c.tenant == tenant.c.key).outerjoin(
    conversation, memory.c.conversation == conversation.c.key
)


class SqlOwners:
    """The Owners port over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def owners(
        self,
        coordinate: Coordinate,
        *,
        kinds: Sequence[Kind] = (),
        name: str | None = None,
        user: str | None = None,
        limit: int = 1000,
        reach: Reach | None = None,
    ) -> list[Owner]:
        """Count memories by one coordinate."""
        called = _NAMES[coordinate]
        first = sa.func.min(memory.c.created_at)
        query = (
            sa.select(called, sa.func.count(), first, sa.func.max(memory.c.created_at))
            .select_from(_MEMORIES)
            .where(called.is_not(None))
            .group_by(called)
            .order_by(first, called)
            .limit(limit)
        )
        if kinds:
            query = query.where(memory.c.kind.in_(list(kinds)))
        if name is not None:
            query = query.where(called == name)
        if user is not None:
            query = query.where(tenant.c.user_id == user)

        def work(connection: sa.Connection) -> list[Owner]:
            rows = connection.execute(_inside(connection, query, reach)).all()
            return [Owner(coordinate, row[0], row[1], moment(row[2]), moment(row[3])) for row in rows]

        return await self._database.read(work, reach=reach)

    async def users(
        self,
        *,
        coordinate: Coordinate | None = None,
        names: Sequence[str] = (),
        limit: int = 1000,
        reach: Reach | None = None,
    ) -> list[str]:
        """Return the users who have memories."""
        query = sa.select(tenant.c.user_id).distinct().select_from(_MEMORIES).order_by(tenant.c.user_id).limit(limit)
        if coordinate is not None:
            query = query.where(_NAMES[coordinate].in_(list(names)))

        def work(connection: sa.Connection) -> list[str]:
            return list(connection.execute(_inside(connection, query, reach)).scalars())

        return await self._database.read(work, reach=reach)


def _inside(connection: sa.Connection, query: sa.Select[Any], reach: Reach | None) -> sa.Select[Any]:
    return query if reach is None else query.where(tenant.c.key.in_(tenants_in(connection, reach)))
