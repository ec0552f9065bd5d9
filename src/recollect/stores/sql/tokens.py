"""Tokens as rows: digests of secrets, never the secrets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from recollect.models import Right, Token
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import insert_new
from recollect.stores.sql.edition import turn
from recollect.stores.sql.row import micros, moment
from recollect.stores.sql.schema import session_end, token
from recollect.stores.sql.write import some


class SqlTokens:
    """The Tokens port over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, held: Token) -> bool:
        """Keep a token unless its digest is there."""

        def work(connection: sa.Connection) -> bool:
            known = sa.select(token.c.key).where(token.c.digest == held.digest)
            if connection.execute(known).first() is not None:
                return False
            connection.execute(sa.insert(token).values(**_row(held)))
            turn(connection)
            return True

        return await self._database.write(work)

    async def list(self) -> list[Token]:
        """Return all tokens, oldest first."""
        query = sa.select(token).order_by(token.c.key)

        def work(connection: sa.Connection) -> list[Token]:
            return [_token(row) for row in connection.execute(query)]

        return await self._database.read(work)

    async def revoke(self, ids: Sequence[str]) -> int:
        """Remove tokens."""

        def work(connection: sa.Connection) -> int:
            parts = some(list(ids))
            gone = sum(connection.execute(sa.delete(token).where(token.c.id.in_(part))).rowcount for part in parts)
            if gone:
                turn(connection)
            return gone

        return await self._database.write(work)

    async def used(self, token_id: str, at: datetime) -> None:
        """Note when a token was used."""
        change = sa.update(token).where(token.c.id == token_id).values(used_at=micros(at))
        await self._database.write(lambda connection: connection.execute(change).rowcount, durable=False)

    async def sign_out(self, once: str, ends: int, now: int) -> None:
        """Keep that a session is over."""

        def work(connection: sa.Connection) -> None:
            connection.execute(sa.delete(session_end).where(session_end.c.ends <= now))
            connection.execute(insert_new(session_end).values(once=once, ends=ends))

        await self._database.write(work)

    async def signed_out(self) -> frozenset[str]:
        """Return the sessions that are over."""
        query = sa.select(session_end.c.once)
        return await self._database.read(lambda connection: frozenset(connection.execute(query).scalars()))


def rights_of(value: Any) -> tuple[tuple[str, Right], ...] | None:
    """Return the rights a row holds, in the order of their projects' names."""
    return None if value is None else tuple(sorted((str(name), Right(right)) for name, right in value.items()))


def _row(held: Token) -> dict[str, Any]:
    return {
        "id": held.id,
        "name": held.name,
        "digest": held.digest,
        "created_at": micros(held.created_at),
        "user_id": held.user_id,
        "rights": None if held.rights is None else {name: int(right) for name, right in held.rights},
        "expires_at": None if held.expires_at is None else micros(held.expires_at),
        "used_at": None if held.used_at is None else micros(held.used_at),
    }


def _token(row: Any) -> Token:
    return Token(
        row.id,
        row.name,
        row.digest,
        moment(row.created_at),
        row.user_id,
        rights_of(row.rights),
        None if row.expires_at is None else moment(row.expires_at),
        None if row.used_at is None else moment(row.used_at),
    )
