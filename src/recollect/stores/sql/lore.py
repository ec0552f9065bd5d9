"""What ranking needs to know about memories, read from the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from recollect.exchange import Traits
from recollect.models import Reach, Role, Where, name_code
from recollect.stores.columns import KIND_CODES, ROLE_CODES
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import among, place_of
from recollect.stores.sql.lately import Lately
from recollect.stores.sql.schema import chunk, memory
from recollect.stores.sql.where import meeting, reach_conditions
from recollect.stores.sql.write import some

if TYPE_CHECKING:
    from recollect.exchange import Keys


class SqlLore:
    """The Lore port over the SQL core."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mixed: Lately[Reach, bool] = Lately()
        self._speakers: Lately[Reach, frozenset[int]] = Lately()

    async def traits(self, where: Where, keys: Keys) -> Traits:
        """Return the traits of memories."""

        def work(connection: sa.Connection) -> Traits:
            found: dict[int, Any] = {}
            pieces: dict[int, Any] = {}
            inside = reach_conditions(connection, where.reach)
            for part in some([int(key) for key in keys]):
                query = _TRAITS.where(among(connection, memory.c.key, part), *inside)
                found.update((row.key, row) for row in connection.execute(query).all())
                counted = _PIECES.where(among(connection, chunk.c.memory, part))
                pieces.update((row.memory, row) for row in connection.execute(counted).all())
            rows = [found[int(key)] for key in keys if int(key) in found]
            mixed = self._mixed.of(where.reach, lambda: _mixed(connection, rows, inside))
            return _traits(rows, pieces, allowed(connection, where, list(found)), mixed=mixed)

        return await self._database.read(work, reach=where.reach)

    async def neighbours(self, where: Where, keys: Keys) -> Keys:
        """Return the neighbours of these memories."""

        def work(connection: sa.Connection) -> Keys:
            inside = reach_conditions(connection, where.reach)
            around: list[int] = []
            for part in some([int(key) for key in keys]):
                query = sa.select(memory.c.key, _beside(-1), _beside(1))
                query = query.where(among(connection, memory.c.key, part), *inside)
                around += [key for row in connection.execute(query).all() for key in row[1:] if key is not None]
            return np.array(around, np.int64)

        return await self._database.read(work, reach=where.reach)

    async def recent(self, where: Where, limit: int) -> Keys:
        """Return the latest memories."""

        def work(connection: sa.Connection) -> Keys:
            query = meeting(connection, sa.select(memory.c.key), memory, where)
            query = query.order_by(memory.c.key.desc()).limit(limit)
            return np.array(connection.execute(query).scalars().all(), np.int64)

        return await self._database.read(work, reach=where.reach)

    async def speakers(self, where: Where) -> frozenset[int]:
        """Return who speaks in reach."""
        reach = where.reach.tenants
        known = self._speakers.get(reach)
        if known is not None:
            return known

        def work(connection: sa.Connection) -> frozenset[int]:
            return self._speakers.of(reach, lambda: _speakers(connection, reach))

        return await self._database.read(work, reach=where.reach)


def allowed(connection: sa.Connection, where: Where, keys: Sequence[int]) -> set[int]:
    """Return which of the memories meet the conditions of a question."""
    query = meeting(connection, sa.select(memory.c.key), memory, where)
    parts = (query.where(among(connection, memory.c.key, part)) for part in some(keys))
    return {key for part in parts for key in connection.execute(part).scalars().all()}


def _speakers(connection: sa.Connection, reach: Reach) -> frozenset[int]:
    query = sa.select(memory.c.speaker).where(*reach_conditions(connection, reach), memory.c.speaker.is_not(None))
    return frozenset(name_code(name) for name in connection.execute(query.distinct()).scalars()) - {0}


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


_TRAITS = sa.select(
    memory.c.key,
    sa.func.coalesce(_beside(-1), -1).label("before"),
    sa.func.coalesce(_beside(1), -1).label("after"),
    sa.func.coalesce(memory.c.conversation, -1).label("conversation"),
    memory.c.occurred_at,
    memory.c.role,
    memory.c.kind,
    memory.c.speaker,
    sa.or_(place_of(memory.c.text, "?") > 0, place_of(memory.c.text, "？") > 0).label("question"),
    memory.c.standing,
    memory.c.dense,
)
_PIECES = sa.select(chunk.c.memory, sa.func.sum(chunk.c.words).label("words"), sa.func.count().label("number"))
_PIECES = _PIECES.group_by(chunk.c.memory)


def _traits(rows: list[Any], pieces: Mapping[int, Any], allowed: set[int], *, mixed: bool) -> Traits:
    def column(name: str, dtype: Any) -> Any:
        return np.array([getattr(row, name) for row in rows], dtype)

    return Traits(
        keys=column("key", np.int64),
        before=column("before", np.int64),
        after=column("after", np.int64),
        conversations=column("conversation", np.int64),
        words=np.array([pieces[row.key].words if row.key in pieces else 0 for row in rows], np.float32),
        times=column("occurred_at", np.int64) / 1e6,
        roles=np.array([ROLE_CODES[row.role] for row in rows], np.int8),
        kinds=np.array([KIND_CODES[row.kind] for row in rows], np.int8),
        speakers=np.array([name_code(row.speaker) for row in rows], np.uint32),
        questions=column("question", np.bool_),
        pieces=np.array([pieces[row.key].number if row.key in pieces else 0 for row in rows], np.float32),
        standing=column("standing", np.bool_),
        dense=column("dense", np.bool_),
        allowed=np.array([row.key in allowed for row in rows], np.bool_),
        mixed=mixed,
    )
