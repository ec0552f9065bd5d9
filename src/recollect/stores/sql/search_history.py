"""What users searched for across projects, as rows."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from recollect.models import PastSearch
from recollect.stores.sql.database import Database
from recollect.stores.sql.row import micros, moment
from recollect.stores.sql.schema import search_history
from recollect.stores.sql.write import some


class SqlSearchHistory:
    """The SearchHistory port over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, past: PastSearch, *, keep: int) -> None:
        """Insert a row, and delete those of its user beyond the latest."""
        await self._database.write(lambda connection: kept(connection, past, keep), durable=False)

    async def list(self, user_id: str, *, limit: int, beyond: int | None = None) -> list[PastSearch]:
        """Return rows, the latest first."""
        query = sa.select(search_history).where(search_history.c.user_id == user_id)
        if beyond is not None:
            query = query.where(search_history.c.key < beyond)
        query = query.order_by(search_history.c.key.desc()).limit(limit)

        def work(connection: sa.Connection) -> list[PastSearch]:
            return [
                PastSearch(
                    row.key,
                    moment(row.at),
                    row.user_id,
                    row.query,
                    tuple(row.projects),
                    row.merge,
                    row.found,
                    row.milliseconds,
                )
                for row in connection.execute(query)
            ]

        return await self._database.read(work)

    async def delete(self, user_id: str, ids: Sequence[int] | None = None) -> int:
        """Delete rows of a user."""
        own = sa.delete(search_history).where(search_history.c.user_id == user_id)

        def work(connection: sa.Connection) -> int:
            if ids is None:
                return connection.execute(own).rowcount
            return sum(
                connection.execute(own.where(search_history.c.key.in_(part))).rowcount for part in some(list(ids))
            )

        return await self._database.write(work)


def kept(connection: sa.Connection, past: PastSearch, keep: int) -> None:
    """Insert a search, and delete those of its user beyond the latest `keep`."""
    row = {
        "at": micros(past.at),
        "user_id": past.user_id,
        "query": past.query,
        "projects": list(past.projects),
        "merge": past.merge,
        "found": past.found,
        "milliseconds": past.milliseconds,
    }
    own = search_history.c.user_id == past.user_id
    connection.execute(sa.insert(search_history).values(**row))
    newest = sa.select(search_history.c.key).where(own).order_by(search_history.c.key.desc())
    last = connection.execute(newest.offset(keep).limit(1)).scalar()
    if last is not None:
        connection.execute(sa.delete(search_history).where(own, search_history.c.key <= last))
