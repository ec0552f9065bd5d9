"""Tokens as rows: digests of secrets, never the secrets."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from recollect.models import Token
from recollect.stores.sql.database import Database
from recollect.stores.sql.row import micros, moment
from recollect.stores.sql.schema import token
from recollect.stores.sql.write import some


class SqlTokens:
    """The Tokens port over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, held: Token) -> bool:
        """Keep a token unless its digest is there."""
        row = {"id": held.id, "name": held.name, "digest": held.digest, "created_at": micros(held.created_at)}

        def work(connection: sa.Connection) -> bool:
            known = sa.select(token.c.key).where(token.c.digest == held.digest)
            if connection.execute(known).first() is not None:
                return False
            connection.execute(sa.insert(token).values(**row))
            return True

        return await self._database.write(work)

    async def list(self) -> list[Token]:
        """Return all tokens, oldest first."""
        query = sa.select(token).order_by(token.c.key)

        def work(connection: sa.Connection) -> list[Token]:
            rows = connection.execute(query)
            return [Token(row.id, row.name, row.digest, moment(row.created_at)) for row in rows]

        return await self._database.read(work)

    async def revoke(self, ids: Sequence[str]) -> int:
        """Remove tokens."""

        def work(connection: sa.Connection) -> int:
            parts = some(list(ids))
            return sum(connection.execute(sa.delete(token).where(token.c.id.in_(part))).rowcount for part in parts)

        return await self._database.write(work)
