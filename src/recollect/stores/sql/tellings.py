"""What assistants were told, as rows; and how they go with the memories, conversations and projects they are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from recollect.models import Occasion, Reach, Scope, Telling, Use
from recollect.stores.sql.database import Database
from recollect.stores.sql.row import micros, moment
from recollect.stores.sql.schema import conversation, memory, telling, tenant, told
from recollect.stores.sql.write import some

_ADD = sa.insert(telling).returning(telling.c.key)


class SqlTellings:
    """The Tellings port over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tellings: Sequence[Telling], *, since: datetime, most: int) -> None:
        """Insert what still stands, and delete what is too old or too much."""

        def work(connection: sa.Connection) -> None:
            there = _there(connection, {name for one in tellings for name in (*one.memories, one.turn) if name})
            for one in tellings:
                _insert(connection, one, there)
            last = connection.execute(sa.select(sa.func.max(telling.c.key))).scalar() or 0
            worn = (telling.c.at < micros(since)) | (telling.c.key <= last - most)
            connection.execute(sa.delete(telling).where(worn))

        await self._database.write(work, durable=False)

    async def told(self, scope: Scope, *, limit: int, beyond: int = 0) -> list[Telling]:
        """Return rows of a conversation, in order."""
        query = (
            sa.select(telling)
            .where(
                telling.c.conversation_id == scope.conversation_id,
                telling.c.project_id == scope.project_id,
                telling.c.user_id == scope.user_id,
                telling.c.key > beyond,
            )
            .order_by(telling.c.key)
            .limit(limit)
        )

        def work(connection: sa.Connection) -> list[Telling]:
            rows = connection.execute(query).all()
            of = _told(connection, [row.key for row in rows])
            return [
                Telling(
                    moment(row.at),
                    Occasion(row.way),
                    Scope(row.user_id, row.project_id, row.conversation_id, row.agent_id),
                    tuple(of.get(row.key, ())),
                    row.tokens,
                    row.whole,
                    row.budget,
                    row.turn,
                    row.key,
                )
                for row in rows
            ]

        return await self._database.read(work)

    async def uses(self, memory_id: str) -> list[Use]:
        """Count rows that tell of a memory."""
        place = (telling.c.user_id, telling.c.project_id, telling.c.conversation_id)
        last = sa.func.max(telling.c.at)
        query = (
            sa.select(*place, sa.func.count(sa.distinct(telling.c.key)), last)
            .select_from(told.join(telling, told.c.telling == telling.c.key))
            .where(told.c.memory == memory_id)
            .group_by(*place)
            .order_by(last.desc(), *place)
        )

        def work(connection: sa.Connection) -> list[Use]:
            rows = connection.execute(query).all()
            return [Use(Scope(row[0], row[1], row[2]), row[3], moment(row[4])) for row in rows]

        return await self._database.read(work)

    async def delete(self, reach: Reach) -> int:
        """Delete rows in reach."""
        query = sa.delete(telling).where(*_inside(reach))
        return await self._database.write(lambda connection: connection.execute(query).rowcount)


def forget_told(connection: sa.Connection, gone: Sequence[str]) -> None:
    """Take memories that are gone out of what was told; what was made of them alone goes too."""
    for part in some(gone):
        mine = told.c.memory.in_(part)
        touched = connection.execute(sa.select(told.c.telling).where(mine).distinct()).scalars().all()
        connection.execute(sa.update(telling).where(telling.c.turn.in_(part)).values(turn=None))
        connection.execute(sa.delete(told).where(mine))
        left = sa.exists().where(told.c.telling == telling.c.key)
        for keys in some(touched):
            connection.execute(sa.delete(telling).where(telling.c.key.in_(keys), ~left))


def forget_talks(connection: sa.Connection, gone: sa.ColumnElement[bool]) -> None:
    """Delete what was told in conversations that are about to go; `gone` is the condition they meet."""
    of = conversation.join(tenant, conversation.c.tenant == tenant.c.key)
    query = sa.select(conversation.c.name, tenant.c.project_id, tenant.c.user_id).select_from(of).where(gone)
    for name, project, user in connection.execute(query).all():
        own = (telling.c.conversation_id == name, telling.c.project_id == project, telling.c.user_id == user)
        connection.execute(sa.delete(telling).where(*own))


def _there(connection: sa.Connection, ids: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for part in some(list(ids)):
        found.update(connection.execute(sa.select(memory.c.id).where(memory.c.id.in_(part))).scalars())
    return found


def _insert(connection: sa.Connection, one: Telling, there: set[str]) -> None:
    kept = [name for name in dict.fromkeys(one.memories) if name in there]
    if not kept:
        return
    values = {
        "at": micros(one.at),
        "way": one.way.value,
        "user_id": one.scope.user_id,
        "project_id": one.scope.project_id,
        "conversation_id": one.scope.conversation_id,
        "agent_id": one.scope.agent_id,
        "turn": one.turn if one.turn in there else None,
        "tokens": one.tokens,
        "whole": one.whole,
        "budget": one.budget,
    }
    key = connection.execute(_ADD, values).scalar_one()
    rows = [{"telling": key, "place": place, "memory": name} for place, name in enumerate(kept)]
    connection.execute(sa.insert(told), rows)


def _told(connection: sa.Connection, keys: Sequence[int]) -> dict[int, list[str]]:
    """Return the memories of tellings, in order."""
    found: dict[int, list[str]] = {}
    for part in some(keys):
        query = sa.select(told).where(told.c.telling.in_(part)).order_by(told.c.telling, told.c.place)
        for row in connection.execute(query):
            found.setdefault(row.telling, []).append(row.memory)
    return found


def _inside(reach: Reach) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a reach; of one that names neither user nor project and has no bounds, none is met."""
    if reach.user_id is None and reach.project_id is None and reach.within is None:
        return [sa.false()]
    named = {
        telling.c.user_id: reach.user_id,
        telling.c.project_id: reach.project_id,
        telling.c.conversation_id: reach.conversation_id,
        telling.c.agent_id: reach.agent_id,
    }
    found = [column == value for column, value in named.items() if value is not None]
    if (within := reach.within) is not None:
        project = telling.c.project_id
        whole = project.not_in(within.besides) if within.projects is None else project.in_(within.projects)
        found.append(whole | ((telling.c.user_id == within.user_id) & project.in_(within.own)))
    return found
