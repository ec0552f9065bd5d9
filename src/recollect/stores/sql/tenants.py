"""Tenants and conversations: from names to the numbers every index starts with."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from recollect.models import Memory, Reach
from recollect.stores.sql.dialect import insert_new
from recollect.stores.sql.row import micros
from recollect.stores.sql.schema import conversation, tenant
from recollect.stores.sql.straight import ask, run

# Built once: every capture runs them, and building a statement costs as much as running it.
_TENANT = sa.select(tenant.c.key).where(
    tenant.c.user_id == sa.bindparam("user"), tenant.c.project_id == sa.bindparam("project")
)
_NEW_TENANT = insert_new(tenant).returning(tenant.c.key)
_OPEN = sa.select(conversation.c.key, conversation.c.turns).where(
    conversation.c.tenant == sa.bindparam("owner"), conversation.c.name == sa.bindparam("called")
)
_NEW = sa.insert(conversation).returning(conversation.c.key)
_FIRST, _LAST = sa.bindparam("first", type_=sa.BigInteger), sa.bindparam("last", type_=sa.BigInteger)
_GROW = (
    sa.update(conversation)
    .where(conversation.c.key == sa.bindparam("which"))
    .values(
        turns=sa.bindparam("count"),
        started_at=sa.case((conversation.c.started_at > _FIRST, _FIRST), else_=conversation.c.started_at),
        ended_at=sa.case((conversation.c.ended_at < _LAST, _LAST), else_=conversation.c.ended_at),
    )
)


def ensure_tenant(connection: sa.Connection, user_id: str, project_id: str) -> int:
    """Return the key of a tenant, made if it is new."""
    asked = {"user": user_id, "project": project_id}
    found = ask(connection, _TENANT, asked)
    if not found:
        found = ask(connection, _NEW_TENANT, {"user_id": user_id, "project_id": project_id})
    if not found:  # another process has just made it
        found = ask(connection, _TENANT, asked)
    return int(found[0][0])


def tenants_in(connection: sa.Connection, reach: Reach, *others: Reach) -> list[int]:
    """Return the tenants a reach covers, and all others too.

    A reach without user and project covers none, unless it says within what.
    """
    if reach.user_id is None and reach.project_id is None and reach.within is None:
        return []
    query = sa.select(tenant.c.key, tenant.c.user_id, tenant.c.project_id).order_by(tenant.c.key)
    if reach.user_id is not None:
        query = query.where(tenant.c.user_id == reach.user_id)
    if reach.project_id is not None:
        query = query.where(tenant.c.project_id == reach.project_id)
    all_of = (reach, *others)
    rows = connection.execute(query)
    return [row.key for row in rows if all(one.covers(row.user_id, row.project_id) for one in all_of)]


def conversations_in(connection: sa.Connection, tenants: Iterable[int], name: str) -> list[int]:
    """Return the conversations of these tenants with this name."""
    query = sa.select(conversation.c.key).where(conversation.c.tenant.in_(list(tenants)), conversation.c.name == name)
    return list(connection.execute(query).scalars())


class Places:
    """Gives each memory of one batch its tenant, its conversation and its position there."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._tenants: dict[tuple[str, str], int] = {}
        self._conversations: dict[tuple[int, str], tuple[int, int]] = {}
        self._spans: dict[int, tuple[int, int]] = {}

    def tenant(self, item: Memory) -> int:
        """Return the tenant of a memory, made if it is new."""
        name = (item.scope.user_id, item.scope.project_id)
        if name not in self._tenants:
            self._tenants[name] = ensure_tenant(self._connection, *name)
        return self._tenants[name]

    def place(self, item: Memory) -> tuple[int, int | None, int]:
        """Return (tenant, conversation, position) for a new memory and count it in its conversation.

        What is derived (no role) takes no position of its own: it stands at 0.
        """
        owner, name = self.tenant(item), item.scope.conversation_id
        if name is None:
            return owner, None, 0
        if (owner, name) not in self._conversations:
            self._conversations[owner, name] = self._open(owner, name, micros(item.occurred_at))
        key, turns = self._conversations[owner, name]
        if item.role is None:
            return owner, key, 0
        self._conversations[owner, name] = (key, turns + 1)
        at = micros(item.occurred_at)
        first, last = self._spans.get(key, (at, at))
        self._spans[key] = (min(first, at), max(last, at))
        return owner, key, turns + 1

    def close(self) -> None:
        """Write back how long each conversation has become."""
        for key, turns in self._conversations.values():
            if key in self._spans:
                first, last = self._spans[key]
                run(self._connection, _GROW, [{"which": key, "count": turns, "first": first, "last": last}])

    def _open(self, owner: int, name: str, at: int) -> tuple[int, int]:
        found = ask(self._connection, _OPEN, {"owner": owner, "called": name})
        if found:
            key, turns = found[0]
            return int(key), int(turns)
        values = {"tenant": owner, "name": name, "turns": 0, "started_at": at, "ended_at": at}
        return int(ask(self._connection, _NEW, values)[0][0]), 0
