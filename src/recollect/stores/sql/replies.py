"""Answers to writes under a key of the client's, kept where every server of the store finds them."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.exchange import Reply
from recollect.ports import Clock
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import insert_new
from recollect.stores.sql.row import micros
from recollect.stores.sql.schema import reply

MOST, MOST_BYTES = 10_000, 32 << 20
"""How many answers are kept, and bytes of them; what is over soonest goes first."""
TIDY = 64
"""Answers after which it is looked whether there are too many."""


class SqlReplies:
    """The Replies port over one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._kept = 0

    async def take(self, key: str, request: bytes, holder: str, *, lease: float) -> Reply | None:
        """Take a key that nobody has; two that do so at once end with one holder."""

        def work(connection: sa.Connection) -> Reply | None:
            now = micros(self._clock.now())
            connection.execute(sa.delete(reply).where(reply.c.until <= now))
            until = now + int(lease * 1_000_000)
            row = {"key": key, "request": request, "holder": holder, "until": until}
            connection.execute(insert_new(reply).values(row))
            found = connection.execute(sa.select(reply).where(reply.c.key == key)).one_or_none()
            if found is None or found.holder == holder:
                return None
            headers = tuple((name, value) for name, value in found.headers or ())
            return Reply(found.request, found.status, headers, found.body or b"")

        return await self._database.write(work, durable=False)

    async def extend(self, key: str, holder: str, *, lease: float) -> None:
        """Let the holder's time begin anew."""
        until = micros(self._clock.now()) + int(lease * 1_000_000)
        mine = sa.and_(reply.c.key == key, reply.c.holder == holder, reply.c.status.is_(None))
        longer = sa.update(reply).where(mine).values(until=until)
        await self._database.write(lambda connection: connection.execute(longer), durable=False)

    async def keep(self, key: str, holder: str, answer: Reply, *, ttl: float) -> None:
        """Keep an answer, unless all were cleared since its key was taken."""
        if len(answer.body) > MOST_BYTES:
            await self.drop(key, holder)
            return
        self._kept += 1

        def work(connection: sa.Connection) -> None:
            values = {"status": answer.status, "headers": [list(pair) for pair in answer.headers], "body": answer.body}
            until = micros(self._clock.now()) + int(ttl * 1_000_000)
            mine = sa.and_(reply.c.key == key, reply.c.holder == holder)
            connection.execute(sa.update(reply).where(mine).values(until=until, **values))
            if self._kept % TIDY == 1:
                _tidy(connection)

        await self._database.write(work, durable=False)

    async def drop(self, key: str, holder: str | None = None) -> None:
        """Let the next request under a key be the first."""
        gone = sa.delete(reply).where(reply.c.key == key)
        if holder is not None:
            gone = gone.where(reply.c.holder == holder)
        await self._database.write(lambda connection: connection.execute(gone), durable=False)

    async def clear(self) -> None:
        """Forget all."""
        await self._database.write(lambda connection: connection.execute(sa.delete(reply)))


def _tidy(connection: sa.Connection) -> None:
    size = sa.func.coalesce(sa.func.length(reply.c.body), 0)
    newest = sa.select(reply.c.key, size).where(reply.c.status.is_not(None)).order_by(reply.c.until.desc())
    taken, gone = 0, []
    for place, (key, length) in enumerate(connection.execute(newest).all()):
        taken += int(length)
        if place >= MOST or taken > MOST_BYTES:
            gone.append(key)
    for key in gone:
        connection.execute(sa.delete(reply).where(reply.c.key == key))
