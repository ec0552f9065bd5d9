"""Opens the backends that this package has, so that the suites of `recollect.testing` can run over each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from recollect.models import Filter, Memory
from recollect.retrieve import filters
from recollect.stores.resident.index import ResidentLore, ResidentVectors, ResidentWords, Threads
from recollect.stores.resident.tenants import Tenants
from recollect.stores.sql.database import Database
from recollect.stores.sql.graph import SqlGraph
from recollect.stores.sql.lore import SqlLore
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.queue import SqlQueue
from recollect.stores.sql.records import SqlRecords
from recollect.stores.sql.vectors import SqlVectors
from recollect.stores.sql.words import SqlWords
from recollect.testing.backend import Backend
from recollect.testing.clock import FakeClock


@asynccontextmanager
async def open_sql(path: Path) -> AsyncIterator[Backend]:
    """Open a file, everything answered from it."""
    clock = FakeClock()
    database = Database(path)
    try:
        upgrade(database)
        yield Backend(
            SqlRecords(database, clock),
            SqlQueue(database, clock),
            SqlWords(database),
            SqlVectors(database),
            SqlLore(database),
            SqlGraph(database),
            clock,
        )
    finally:
        await database.close()


@asynccontextmanager
async def open_resident(path: Path, *, limit: int = 1 << 30) -> AsyncIterator[tuple[Backend, Tenants]]:
    """Open a file, searched in memory of at most `limit` bytes."""
    async with open_sql(path) as sql:
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
        self._stack = stack

    async def sql(self, path: Path) -> Backend:
        """Open a backend over the file."""
        return await self._stack.enter_async_context(open_sql(path))

    async def resident(self, path: Path, *, limit: int = 1 << 30) -> tuple[Backend, Tenants]:
        """Open a backend that searches in memory, and what it holds there."""
        return await self._stack.enter_async_context(open_resident(path, limit=limit))


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
