"""What ranking needs to know about memories, read from the tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from recollect.exchange import Traits
from recollect.models import Role, Where, name_code
from recollect.stores.columns import KIND_CODES, ROLE_CODES
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import place_of
from recollect.stores.sql.schema import chunk, conversation, memory, tenant
from recollect.stores.sql.where import conditions, reach_conditions
from recollect.stores.sql.write import some

if TYPE_CHECKING:
    from recollect.exchange import Keys


class SqlLore:
    """The Lore port over the SQL core."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def traits(self, where: Where, keys: Keys) -> Traits:
        """Return the traits of memories."""

        def work(connection: sa.Connection) -> Traits:
            found: dict[int, Any] = {}
            inside = reach_conditions(connection, where.reach)
            for part in some([int(key) for key in keys]):
                query = _query().where(memory.c.key.in_(part), *inside)
                found.update((row.key, row) for row in connection.execute(query))
            rows = [found[int(key)] for key in keys if int(key) in found]
            return _traits(rows, allowed(connection, where, list(found)), mixed=_mixed(connection, rows, inside))

        return await self._database.read(work, reach=where.reach)

    async def neighbours(self, where: Where, keys: Keys) -> Keys:
        """Return the neighbours of these memories."""

        def work(connection: sa.Connection) -> Keys:
            inside = reach_conditions(connection, where.reach)
            around: list[int] = []
            for part in some([int(key) for key in keys]):
                query = sa.select(memory.c.key, _beside(-1), _beside(1)).where(memory.c.key.in_(part), *inside)
                around += [key for row in connection.execute(query) for key in row[1:] if key is not None]
            return np.array(around, np.int64)

        return await self._database.read(work, reach=where.reach)

    async def recent(self, where: Where, limit: int) -> Keys:
        """Return the latest memories."""

        def work(connection: sa.Connection) -> Keys:
            query = (
                sa.select(memory.c.key)
                .select_from(
                    memory.join(tenant, memory.c.tenant == tenant.c.key).outerjoin(
                        conversation, memory.c.conversation == conversation.c.key
                    )
                )
                .where(*conditions(connection, where))
                .order_by(memory.c.key.desc())
                .limit(limit)
            )
            return np.array(connection.execute(query).scalars().all(), np.int64)

        return await self._database.read(work, reach=where.reach)

    async def speakers(self, where: Where) -> frozenset[int]:
        """Return who speaks in reach."""

        def work(connection: sa.Connection) -> frozenset[int]:
            inside = reach_conditions(connection, where.reach.tenants)
            query = sa.select(memory.c.speaker).where(*inside, memory.c.speaker.is_not(None)).distinct()
            return frozenset(name_code(name) for name in connection.execute(query).scalars()) - {0}

        return await self._database.read(work, reach=where.reach)


def allowed(connection: sa.Connection, where: Where, keys: Sequence[int]) -> set[int]:
    """Return which of the memories meet the conditions of a question."""
    table = memory.join(tenant, memory.c.tenant == tenant.c.key)
    table = table.outerjoin(conversation, memory.c.conversation == conversation.c.key)
    query = sa.select(memory.c.key).select_from(table).where(*conditions(connection, where))
    return {key for part in some(keys) for key in connection.execute(query.where(memory.c.key.in_(part))).scalars()}


def _mixed(connection: sa.Connection, rows: Sequence[Any], inside: Sequence[sa.ColumnElement[bool]]) -> bool:
    """Whether both users and others speak in reach; the rows at hand tell it of most."""
    said = {row.role == Role.USER for row in rows if row.role is not None}
    for user in {True, False} - said:
        role = memory.c.role == Role.USER if user else memory.c.role != Role.USER
        if connection.execute(sa.select(memory.c.key).where(role, *inside).limit(1)).first() is None:
            return False
    return True


def _beside(step: int) -> sa.ScalarSelect[Any]:
    """Return the key of the turn before or after a memory in its conversation."""
    other = memory.alias("other")
    beyond = other.c.position < memory.c.position if step < 0 else other.c.position > memory.c.position
    order = other.c.position.desc() if step < 0 else other.c.position.asc()
    query = sa.select(other.c.key).where(other.c.conversation == memory.c.conversation, other.c.position > 0)
    return query.where(memory.c.position > 0, beyond).order_by(order).limit(1).scalar_subquery()


def _query() -> sa.Select[Any]:
    words = sa.select(sa.func.sum(chunk.c.words)).where(chunk.c.memory == memory.c.key)
    return sa.select(
        memory.c.key,
        sa.func.coalesce(_beside(-1), -1).label("before"),
        sa.func.coalesce(_beside(1), -1).label("after"),
        sa.func.coalesce(memory.c.conversation, -1).label("conversation"),
        sa.func.coalesce(words.scalar_subquery(), 0).label("words"),
        memory.c.occurred_at,
        memory.c.role,
        memory.c.kind,
        memory.c.speaker,
        sa.or_(place_of(memory.c.text, "?") > 0, place_of(memory.c.text, "？") > 0).label("question"),
        sa.select(sa.func.count()).where(chunk.c.memory == memory.c.key).scalar_subquery().label("pieces"),
        memory.c.standing,
        memory.c.dense,
    )


def _traits(rows: list[Any], allowed: set[int], *, mixed: bool) -> Traits:
    def column(name: str, dtype: Any) -> Any:
        return np.array([getattr(row, name) for row in rows], dtype)

    return Traits(
        keys=column("key", np.int64),
        before=column("before", np.int64),
        after=column("after", np.int64),
        conversations=column("conversation", np.int64),
        words=column("words", np.float32),
        times=column("occurred_at", np.int64) / 1e6,
        roles=np.array([ROLE_CODES[row.role] for row in rows], np.int8),
        kinds=np.array([KIND_CODES[row.kind] for row in rows], np.int8),
        speakers=np.array([name_code(row.speaker) for row in rows], np.uint32),
        questions=column("question", np.bool_),
        pieces=column("pieces", np.float32),
        standing=column("standing", np.bool_),
        dense=column("dense", np.bool_),
        allowed=np.array([row.key in allowed for row in rows], np.bool_),
        mixed=mixed,
    )
