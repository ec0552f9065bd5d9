"""A cache in the database: it outlasts the process, and every process that opens the store shares it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from recollect.exchange import Keep
from recollect.ports import Clock
from recollect.stores.sql.database import Database
from recollect.stores.sql.row import micros
from recollect.stores.sql.schema import cache, cache_epoch

SECOND: Final = 1_000_000
TIDY: Final = 50
"""Entries that are written before it is looked whether there is still room."""
LEFT: Final = 0.9
"""The share of the room that is taken after making room."""


class SqlCache:
    """The Cache port over one database; `room` is the most bytes that entries take together, those soonest over go."""

    def __init__(self, database: Database, clock: Clock, *, room: int) -> None:
        self._database, self._clock, self._room = database, clock, room
        self._written = 0

    async def get(self, key: str) -> bytes | None:
        """Return the value, or `None`."""
        query = sa.select(cache.c.value).where(cache.c.key == key, cache.c.expires_at > micros(self._clock.now()))
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def set(self, key: str, value: bytes, *, ttl: float, epoch: int | None = None) -> None:
        """Keep a value, unless it alone would take all the room, or the cache was cleared since `epoch`."""
        await self.keep([Keep(key, value, ttl, await self.epoch() if epoch is None else epoch)])

    async def keep(self, values: Sequence[Keep]) -> None:
        """Keep values in one transaction, the last one of a key; each as `set` does."""
        now = micros(self._clock.now())
        rows = {
            one.key: (
                one.epoch,
                {"key": one.key, "value": one.value, "size": len(one.value), "expires_at": now + int(one.ttl * SECOND)},
            )
            for one in values
            if len(one.value) <= self._room
        }
        tidy = self._written // TIDY != (self._written + len(rows)) // TIDY or not self._written
        self._written += len(rows)

        def work(connection: sa.Connection) -> None:
            epoch = epoch_of(connection)
            fresh = [row for begun, row in rows.values() if begun == epoch]
            if fresh:
                connection.execute(
                    sa.delete(cache).where(cache.c.key == sa.bindparam("old")), [{"old": row["key"]} for row in fresh]
                )
                connection.execute(sa.insert(cache), fresh)
            if tidy:
                _tidy(connection, now, self._room)

        if rows:
            await self._database.write(work, durable=False)

    async def holding(self, pieces: Sequence[bytes]) -> int:
        """Return how many values hold one of these pieces."""

        def work(connection: sa.Connection) -> int:
            rows = connection.execute(sa.select(cache.c.value), execution_options={"yield_per": TIDY}).scalars()
            return sum(any(piece in bytes(value) for piece in pieces) for value in rows)

        return await self._database.read(work)

    async def epoch(self) -> int:
        """Return how often the cache has been cleared."""
        return await self._database.read(epoch_of)

    async def clear(self) -> None:
        """Delete every entry; the database overwrites what they held."""

        def work(connection: sa.Connection) -> None:
            held = connection.execute(sa.select(sa.func.count()).select_from(cache)).scalar_one()
            turn(connection)
            if held:
                connection.execute(sa.delete(cache))

        await self._database.write(work)


def epoch_of(connection: sa.Connection) -> int:
    """Return how often what was deleted has been wiped, or the cache cleared."""
    return int(connection.execute(sa.select(cache_epoch.c.epoch)).scalar() or 0)


def turn(connection: sa.Connection) -> None:
    """Begin another epoch: whoever holds anything of the one before forgets it."""
    if not connection.execute(sa.update(cache_epoch).values(epoch=cache_epoch.c.epoch + 1)).rowcount:
        connection.execute(sa.insert(cache_epoch).values(key=1, epoch=1))


def _tidy(connection: sa.Connection, now: int, room: int) -> None:
    """Delete what is over, then what is soonest over, until what is left takes less than the room."""
    connection.execute(sa.delete(cache).where(cache.c.expires_at <= now))
    taken = int(connection.execute(sa.select(sa.func.sum(cache.c.size))).scalar() or 0)
    if taken <= room:
        return
    last = 0
    for expires_at, size in connection.execute(
        sa.select(cache.c.expires_at, cache.c.size).order_by(cache.c.expires_at)
    ):
        if taken <= room * LEFT:
            break
        taken, last = taken - int(size), int(expires_at)
    connection.execute(sa.delete(cache).where(cache.c.expires_at <= last))
