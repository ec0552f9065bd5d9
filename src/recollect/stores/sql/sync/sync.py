"""What stores exchange, over the SQL core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from recollect.models import Arrived, Chunk, Departing, Forgotten, Link, Memory, Reach, Replica, Stamp, Task
from recollect.ports import Clock
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.lock import TENANT, hold
from recollect.stores.sql.row import from_snapshot, micros
from recollect.stores.sql.schema import memory, node
from recollect.stores.sql.sync import links, orders
from recollect.stores.sql.sync.arrivals import Taking
from recollect.stores.sql.sync.departures import Asked, Judge, departures
from recollect.stores.sql.sync.held import held, keep
from recollect.stores.sql.tenants import ensure_tenant
from recollect.stores.sql.write import push_jobs, some


class SqlSync:
    """The Sync port over one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def name(self) -> str:
        """Return the name of this store."""
        return await self._database.read(links.own_name) or await self._database.write(links.ensure_named)

    async def departing(
        self, after: int, judge: Judge, *, limit: int = 500, room: int = 4_000_000, to: str = "", model: str = ""
    ) -> Departing:
        """Return a page of what changed; what leaves is noted before this returns."""
        own = await self.name()
        asked = Asked(after, limit, room, to, model, await self._database.settled())
        page, marks, seen = await self._database.read(lambda connection: departures(connection, asked, judge, own))
        if not marks:
            return page

        def work(connection: sa.Connection) -> Departing:
            if held(connection, [one.id for one in seen], own) == {one.id: one for one in seen}:
                keep(connection, marks)
                return page
            again, noted, _ = departures(connection, asked, judge, own)
            keep(connection, noted)
            return again

        return await self._database.write(work)

    async def take(
        self,
        page: Sequence[Replica],
        index: Callable[[Memory], Sequence[Chunk]],
        follow: Callable[[Arrived], Sequence[Task]],
        *,
        via: str,
        reached: int | None = None,
    ) -> Arrived:
        """Write a page in one transaction, chunks made before it begins."""
        own = await self.name()

        def prepared() -> dict[tuple[str, Stamp], Sequence[Chunk]]:
            return {(item.id, item.stamp): index(from_snapshot(item.body)) for item in page if item.body is not None}

        made = await asyncio.to_thread(prepared)

        def chunks_of(item: Replica) -> Sequence[Chunk]:
            found = made.get((item.id, item.stamp))
            return index(from_snapshot(item.body or {})) if found is None else found

        def work(connection: sa.Connection) -> Arrived:
            now = micros(self._clock.now())
            _hold(connection, page)
            done = Taking(connection, chunks_of, via, own, now)(page)
            push_jobs(connection, follow(done), now)
            if reached is not None:
                _reach(connection, via, reached)
            return done

        return await self._database.write(work)

    async def forbid(self, reach: Reach) -> None:
        """Note an order to forget what is in reach."""
        now = micros(self._clock.now())
        await self._database.write(
            lambda connection: orders.forbid(connection, reach, now, links.ensure_named(connection))
        )

    async def forgotten(self) -> list[Forgotten]:
        """Return every order."""
        return await self._database.read(orders.orders)

    async def agree(self, told: Sequence[Forgotten], exchanged: Callable[[str], bool], *, again: bool = False) -> int:
        """Take over orders and carry them out in one transaction."""
        now = micros(self._clock.now())
        return await self._database.write(
            lambda connection: orders.agree(connection, told, exchanged, now, again=again)
        )

    async def link(self, **changes: Any) -> Link:
        """Return how far this store is with its center, changed first where changes are given."""
        if not changes:
            return await self._database.read(links.read_link)
        return await self._database.write(lambda connection: links.write_link(connection, changes))

    async def hold(self, holder: str, seconds: float) -> bool:
        """Take the exchange for one process for a while."""
        now = micros(self._clock.now())
        until = now + int(seconds * 1_000_000)
        return await self._database.write(
            lambda connection: links.hold_link(connection, holder, now, until), durable=False
        )

    async def free(self, holder: str) -> None:
        """Give the exchange back."""
        await self._database.write(lambda connection: links.free_link(connection, holder), durable=False)


def _hold(connection: sa.Connection, page: Sequence[Replica]) -> None:
    """Hold every tenant that is written to, as all writers do; no-op in SQLite, where one writes at a time."""
    if not is_postgresql(connection):
        return
    names = {(item.body["user_id"], item.body["project_id"]) for item in page if item.body}
    owners = {ensure_tenant(connection, *name) for name in sorted(names)}
    for part in some([item.id for item in page]):
        owners |= set(connection.execute(sa.select(memory.c.tenant).where(memory.c.id.in_(part))).scalars())
    hold(connection, TENANT, owners)


def _reach(connection: sa.Connection, via: str, reached: int) -> None:
    """Note how far a sender is: a node by how much of its log was taken, the center by how much of its own."""
    known = sa.update(node).where(node.c.id == via).values(reached=reached)
    if connection.execute(known).rowcount == 0:
        links.write_link(connection, {"pulled": reached})
