"""Opens stores whose graph has a Neo4j beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.neo4j_server import Neo4j
from tests.stores.beside import database_of
from tests.stores.conftest import Opener

from recollect.models import Reach
from recollect.stores.neo4j.graph import Neo4jGraph
from recollect.stores.neo4j.open import open_graph
from recollect.stores.sql.tenants import tenants_in
from recollect.testing.backend import Backend


class Followed:
    """Records whose every write Neo4j hears of at once, where otherwise a job would tell it."""

    def __init__(self, records: Any, graph: Neo4jGraph) -> None:
        self._records, self._graph = records, graph

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    async def commit(self, batch: Any) -> Any:
        done = await self._records.commit(batch)
        await self._graph.follow()
        return done


async def graphed(opener: Opener, place: Path | str, url: str) -> tuple[Backend, Neo4jGraph]:
    """Open a store with a Neo4j beside it."""
    backend = await opener.sql(place)
    graph = open_graph(database_of(backend), url, user="nobody", password=None, name=None, prefix="test", timeout=60)
    opener.stack.push_async_callback(graph.close)
    return replace(backend, graph=graph), graph


class Sure:
    """A graph whose questions only Neo4j may answer, as long as there is anybody in reach."""

    def __init__(self, graph: Neo4jGraph) -> None:
        self._graph = graph
        self._either = graph._either

    async def __call__(self, reach: Reach, ask: Any, records: Any) -> Any:
        async def never() -> Any:
            tenants = await self._graph._read(lambda connection: tenants_in(connection, reach), reach)
            assert not tenants, "the records answered"
            return await records()

        return await self._either(reach, ask, never)


async def followed(opener: Opener, place: Path | str, server: Neo4j) -> Backend:
    """Open a store for whose graph Neo4j always answers."""
    backend, graph = await graphed(opener, place, server.url)
    records: Any = Followed(backend.records, graph)
    vars(graph)["_either"] = Sure(graph)
    return replace(backend, records=records)
