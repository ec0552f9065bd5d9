"""Nodes as rows: who may exchange with this center, by the digests of their tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from recollect.models import Node
from recollect.stores.sql.database import Database
from recollect.stores.sql.row import micros, moment
from recollect.stores.sql.schema import node


class SqlNodes:
    """The Nodes port over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, one: Node) -> bool:
        """Let a node in unless its name or its token is taken."""
        row: dict[str, Any] = {"id": one.id, "name": one.name, "digest": one.digest, "projects": list(one.projects)}
        row |= {"created_at": micros(one.created_at), "store": one.store, "reached": one.reached}
        row["seen_at"] = None if one.seen_at is None else micros(one.seen_at)

        def work(connection: sa.Connection) -> bool:
            known = sa.select(node.c.key).where(sa.or_(node.c.name == one.name, node.c.digest == one.digest))
            if connection.execute(known).first() is not None:
                return False
            connection.execute(sa.insert(node).values(**row))
            return True

        return await self._database.write(work)

    async def list(self) -> list[Node]:
        """Return all nodes, by when they were let in."""
        query = sa.select(node).order_by(node.c.key)
        return await self._database.read(
            lambda connection: [_node(row) for row in connection.execute(query).mappings()]
        )

    async def holder(self, digest: str) -> Node | None:
        """Return the node whose token has this digest."""

        def work(connection: sa.Connection) -> Node | None:
            row = connection.execute(sa.select(node).where(node.c.digest == digest)).mappings().first()
            return None if row is None else _node(row)

        return await self._database.read(work)

    async def seen(self, name: str, at: datetime, store: str) -> None:
        """Note that a node was here, and over which store; another store than before begins anew."""

        def work(connection: sa.Connection) -> None:
            here = node.c.id == name
            connection.execute(sa.update(node).where(here, node.c.store != store).values(store=store, reached=0))
            connection.execute(sa.update(node).where(here).values(seen_at=micros(at)))

        await self._database.write(work, durable=False)

    async def revoke(self, name: str) -> bool:
        """Shut a node out."""
        gone = sa.delete(node).where(node.c.name == name)
        return await self._database.write(lambda connection: connection.execute(gone).rowcount == 1)


def _node(row: Any) -> Node:
    seen = None if row["seen_at"] is None else moment(row["seen_at"])
    made = moment(row["created_at"])
    return Node(row["id"], row["name"], row["digest"], made, tuple(row["projects"]), seen, row["store"], row["reached"])
