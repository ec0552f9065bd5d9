"""Opens stores whose vectors have an index beside them."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from qdrant_client import AsyncQdrantClient
from tests.stores.conftest import Opener
from tests.stores.edge import EdgeIndex

from recollect.stores.beside.index import Index
from recollect.stores.beside.outbox import ensure
from recollect.stores.beside.vectors import IndexedVectors
from recollect.stores.chroma.open import open_chroma
from recollect.stores.qdrant.index import QdrantIndex
from recollect.stores.qdrant.layout import Layout
from recollect.stores.qdrant.open import open_qdrant
from recollect.stores.sql.database import Database
from recollect.testing.backend import Backend

QDRANT = os.environ.get("RECOLLECT_TEST_QDRANT_URL")
"""A Qdrant server that the tests may fill; read before the tests put the environment away."""

QDRANTS = ["local", "edge", *(["http", "grpc"] if QDRANT else [])]


def qdrant(way: str, store: str, folder: Path) -> Index:
    """Return a Qdrant: in this process by its client, its engine in this process, or the server that is named."""
    if way == "local":
        return QdrantIndex(AsyncQdrantClient(":memory:"), store, prefix="test", local=True)
    if way == "edge":
        return EdgeIndex(folder)
    assert QDRANT is not None
    key = os.environ.get("RECOLLECT_TEST_QDRANT_API_KEY")
    return open_qdrant(QDRANT, store, prefix="test", api_key=key, timeout=30, grpc=way == "grpc", layout=Layout())


def chroma(address: str, store: str) -> Index:
    """Return a Chroma that a server runs."""
    return open_chroma(address, store, prefix="test", api_key=None, timeout=30)


def database_of(backend: Backend) -> Database:
    """Return what a backend is kept in."""
    held: Any = backend.words
    found = held._database
    assert isinstance(found, Database)
    return found


async def indexed(opener: Opener, place: Path | str, index: Any) -> tuple[Backend, IndexedVectors]:
    """Open a store; `index` makes its index, given the store's name in it. Its vectors there go when the test ends."""
    backend = await opener.sql(place)
    database = database_of(backend)
    vectors = IndexedVectors(database, index(database.write_now(ensure)))
    opener.stack.push_async_callback(_emptied, vectors)
    return replace(backend, vectors=vectors), vectors


async def _emptied(vectors: IndexedVectors) -> None:
    async with AsyncExitStack() as stack:
        stack.push_async_callback(vectors.close)
        for name in await vectors.models():
            await vectors.index.drop(name)
