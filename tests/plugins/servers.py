"""Servers that any test may ask for; each is started when the first one does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.chroma_server import chroma
from tests.neo4j_server import Neo4j, neo4j
from tests.s3_server import s3
from tests.servers import Postgres, bundled, debian, emptied, postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """Return the PostgreSQL of the system."""
    with postgres(debian()) as server:
        yield server


@pytest.fixture(scope="session")
def pgvector_server() -> Iterator[Postgres]:
    """Return a PostgreSQL that has pgvector."""
    with postgres(bundled()) as server:
        yield server


@pytest.fixture(scope="session")
def _shared(postgres_server: Postgres) -> str:
    return postgres_server.database()


@pytest.fixture(scope="session")
def _shared_vectors(pgvector_server: Postgres) -> str:
    return pgvector_server.database()


@pytest.fixture
def postgres_url(_shared: str) -> str:
    """Return an empty database of the system's PostgreSQL."""
    return emptied(_shared)


@pytest.fixture
def pgvector_url(_shared_vectors: str) -> str:
    """Return an empty database of a PostgreSQL that has pgvector."""
    return emptied(_shared_vectors)


@pytest.fixture(scope="session")
def chroma_url() -> Iterator[str]:
    """Return the address of a Chroma."""
    with chroma() as server:
        yield server.url


@pytest.fixture(scope="session")
def neo4j_server() -> Iterator[Neo4j]:
    """Return a Neo4j; each store has nodes of its own in it."""
    with neo4j() as server:
        yield server


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Return the address of an S3 server; each test makes buckets of its own in it."""
    with s3() as url:
        yield url
