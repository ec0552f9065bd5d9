"""The one place that speaks to Neo4j: connects when it is first asked, and turns every failure into IndexAway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from neo4j import (
    WRITE_ACCESS,
    AsyncDriver,
    AsyncGraphDatabase,
    AsyncManagedTransaction,
    AsyncSession,
    Query,
    unit_of_work,
)
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from recollect.errors import IndexAway
from recollect.stores.neo4j.cypher import LAYOUT, Statement

AGAIN: Final = 2.0
"""Seconds for which a transaction that met another one is tried again."""


Row = dict[str, Any]


class Neo4jServer:
    """A Neo4j and the database in it."""

    def __init__(self, url: str, auth: tuple[str, str] | None, database: str | None, timeout: float) -> None:
        self._url, self._auth, self._database, self._timeout = url, auth, database, timeout
        self._driver: AsyncDriver | None = None
        self._laid_out = False
        self._laying = asyncio.Lock()

    async def rows(self, statement: Statement, **values: Any) -> Sequence[Row]:
        """Return what a statement reads."""
        async with self._session() as session:
            asked = await session.run(Query(statement, timeout=self._timeout), values)
            return await asked.data()

    async def tell(self, statements: Sequence[Statement], **values: Any) -> None:
        """Run statements, each with the same values, in one transaction."""

        @unit_of_work(timeout=self._timeout)
        async def told(transaction: AsyncManagedTransaction) -> None:
            for statement in statements:
                await (await transaction.run(statement, values)).consume()

        async with self._session() as session:
            await session.execute_write(told)

    async def close(self) -> None:
        """Close the connections."""
        driver, self._driver = self._driver, None
        if driver is not None:
            await driver.close()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncSession]:
        """Give a session with whoever leads, so that what was told is read; its constraints and indexes are there."""
        try:
            async with asyncio.timeout(self._timeout):
                async with self._opened().session(database=self._database, default_access_mode=WRITE_ACCESS) as session:
                    await self._lay_out(session)
                    yield session
        except (DriverError, Neo4jError, TimeoutError, OSError) as error:
            self._laid_out = False  # who knows what comes back
            raise _away(error) from error

    async def _lay_out(self, session: AsyncSession) -> None:
        async with self._laying:
            if not self._laid_out:
                for statement in LAYOUT:
                    await (await session.run(statement)).consume()
                self._laid_out = True

    def _opened(self) -> AsyncDriver:
        if self._driver is None:
            self._driver = AsyncGraphDatabase.driver(
                self._url,
                auth=self._auth,
                user_agent="recollect",
                connection_timeout=self._timeout,
                connection_acquisition_timeout=self._timeout,
                max_transaction_retry_time=AGAIN,
                notifications_min_severity="OFF",
                telemetry_disabled=True,
            )
        return self._driver


def _away(error: Exception) -> IndexAway:
    if isinstance(error, AuthError):
        return IndexAway("Neo4j does not let us in", hint="Look at graph.user and graph.password.")
    if isinstance(error, Neo4jError):
        return IndexAway(f"Neo4j refused ({error.code})", hint="Its own log says why; look at graph.database too.")
    return IndexAway("Neo4j does not answer", hint="Look whether it runs at graph.url; it is asked again.")
