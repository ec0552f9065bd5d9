"""The graph with Neo4j beside it keeps its promises, on a server of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.neo4j_server import Neo4j
from tests.servers import Postgres
from tests.stores.conftest import Opener
from tests.stores.graphed import followed

from recollect.testing.backend import Backend
from recollect.testing.delete import DeleteContract
from recollect.testing.graph import GraphContract
from recollect.testing.within import WithinContract


@pytest.fixture
async def backend(opener: Opener, tmp_path: Path, neo4j_server: Neo4j) -> Backend:
    return await followed(opener, tmp_path / "recollect.db", neo4j_server)


class TestGraph(GraphContract):
    """Found by Neo4j."""


class TestDelete(DeleteContract):
    """What is deleted is found in no way."""


class TestWithin(WithinContract):
    """Nothing is found beyond what a reach lies within."""


class TestGraphOverPostgres(GraphContract):
    """The same where PostgreSQL's triggers note what changes."""

    @pytest.fixture
    async def backend(self, opener: Opener, neo4j_server: Neo4j, postgres_server: Postgres) -> Backend:
        return await followed(opener, postgres_server.database(), neo4j_server)
