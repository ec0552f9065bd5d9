"""Opens the backends that this package has, so that the suites of `recollect.testing` can run over each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from recollect.models import Filter, Memory
from recollect.retrieve import filters
from recollect.stores.postgres.embedding import usable
from recollect.stores.postgres.server import PostgresServer
from recollect.stores.postgres.vectors import PostgresVectors
from recollect.stores.postgres.words import PostgresWords
from recollect.stores.resident.index import ResidentLore, ResidentVectors, ResidentWords, Threads
from recollect.stores.resident.tenants import Tenants
from recollect.stores.sql.database import Database
from recollect.stores.sql.driver import Driver
from recollect.stores.sql.graph import SqlGraph
from recollect.stores.sql.lore import SqlLore
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.queue import SqlQueue
from recollect.stores.sql.records import SqlRecords
from recollect.stores.sql.vectors import SqlVectors
from recollect.stores.sql.words import SqlWords
from recollect.testing.backend import Backend
from recollect.testing.clock import FakeClock

Place = Path | str
"""A file, or the address of a database on a server."""


@asynccontextmanager
async def open_sql(place: Place, driver: Driver | None = None) -> AsyncIterator[Backend]:
    """Open a file (with this driver) or a database, everything answered from it."""
    clock = FakeClock()
    database = Database(place if isinstance(place, Path) else PostgresServer(place), driver=driver)
    try:
        upgrade(database)
        yield Backend(
            SqlRecords(database, clock),
            SqlQueue(database, clock),
            SqlWords(database) if isinstance(place, Path) else PostgresWords(database),
            PostgresVectors(database) if database.write_now(usable) else SqlVectors(database),
            SqlLore(database),
            SqlGraph(database),
            clock,
        )
    finally:
        await database.close()


@asynccontextmanager
async def open_resident(place: Place, *, limit: int = 1 << 30) -> AsyncIterator[tuple[Backend, Tenants]]:
    """Open a file or a database, searched in memory of at most `limit` bytes."""
    async with open_sql(place) as sql:
        database = sql.words._database  # type: ignore[attr-defined]
        tenants = Tenants(database, limit=limit)
        threads = Threads(tenants)
        try:
            yield (
                Backend(
                    sql.records,
                    sql.queue,
                    ResidentWords(threads, sql.words),
                    ResidentVectors(threads, sql.vectors),
                    ResidentLore(threads, sql.lore),
                    sql.graph,
                    sql.clock,
                ),
                tenants,
            )
        finally:
            threads.close()
            tenants.close()


class Opener:
    """Opens backends for one test; they close when it ends."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.stack = stack

    async def sql(self, place: Place, driver: Driver | None = None) -> Backend:
        """Open a backend over a file or a database."""
        return await self.stack.enter_async_context(open_sql(place, driver))

    async def resident(self, place: Place, *, limit: int = 1 << 30) -> tuple[Backend, Tenants]:
        """Open a backend that searches in memory, and what it holds there."""
        return await self.stack.enter_async_context(open_resident(place, limit=limit))


@pytest.fixture
async def opener() -> AsyncIterator[Opener]:
    async with AsyncExitStack() as stack:
        yield Opener(stack)


@pytest.fixture
async def sql(opener: Opener, tmp_path: Path) -> Backend:
    return await opener.sql(tmp_path / "recollect.db")


@pytest.fixture
async def resident(opener: Opener, tmp_path: Path) -> Backend:
    return (await opener.resident(tmp_path / "recollect.db"))[0]


@pytest.fixture
def matches() -> Callable[[Filter, Memory], bool]:
    return filters.matches
