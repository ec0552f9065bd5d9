"""The network before an index of vectors is cut, slow, silent or refuses: nothing is lost, and both sides agree.

They run over a Chroma of the test's own, and over the Qdrant that RECOLLECT_TEST_QDRANT_URL names (by HTTP).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.proxy import Proxy, proxy
from tests.stores.beside import QDRANT, chroma, database_of, indexed
from tests.stores.conftest import Opener

from recollect.errors import IndexAway
from recollect.stores.beside import asking, vectors
from recollect.stores.beside.compare import Sides
from recollect.stores.beside.index import Index
from recollect.stores.beside.vectors import IndexedVectors
from recollect.stores.qdrant.layout import Layout
from recollect.stores.qdrant.open import open_qdrant
from recollect.testing.backend import Backend
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.sample import HERE, memory, texts
from recollect.testing.vectors import put_embedded

ASKED = FakeEmbedder().one("one cat").vector
TIMEOUT = 2.0


@pytest.fixture(params=["chroma", *(["qdrant"] if QDRANT else [])])
def kind(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture
def wire(kind: str, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    parts = urlsplit(QDRANT or "" if kind == "qdrant" else request.getfixturevalue("chroma_url"))
    with proxy((parts.hostname or "", parts.port or 6333)) as running:
        yield running


@pytest.fixture
async def opened(
    kind: str, wire: Proxy, opener: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Backend, IndexedVectors]]:
    monkeypatch.setattr(vectors, "EXACT", 0)  # few are many
    monkeypatch.setattr(asking, "REST", 0.0)

    def index(store: str) -> Index:
        if kind == "chroma":
            return chroma(f"chroma://127.0.0.1:{wire.port}", store)
        place = f"http://127.0.0.1:{wire.port}"
        return open_qdrant(place, store, prefix="test", api_key=None, timeout=TIMEOUT, grpc=False, layout=Layout())

    backend, found = await indexed(opener, tmp_path / "recollect.db", index)
    await put_embedded(backend, memory("one cat"))
    await found.follow()
    yield backend, found
    wire.refusing, wire.delay = False, 0.0
    wire.release()


Opened = tuple[Backend, IndexedVectors]


async def _agree(backend: Backend, found: IndexedVectors, count: int) -> None:
    """Wait until the index has heard of everything; both sides hold the same."""
    async with asyncio.timeout(60):
        while True:
            try:
                await found.follow()
                break
            except IndexAway:
                await asyncio.sleep(0.05)
    (told,) = (await Sides(database_of(backend), found).compare()).models
    assert (told.missing, told.orphans) == (0, 0)
    assert told.records == told.index == count
    near = await backend.vectors.search("fake", ASKED, HERE, 50)
    assert "one cat" in await texts(backend, near.keys)


async def test_a_refused_connection_costs_an_answer_by_meaning_and_no_vector(opened: Opened, wire: Proxy) -> None:
    backend, found = opened
    wire.refusing = True
    wire.cut()
    await put_embedded(backend, memory("two dogs"))
    assert (await backend.vectors.search("fake", ASKED, HERE, 9)).keys.tolist() == []
    assert [found.answering] == [False]
    wire.refusing = False
    await _agree(backend, found, 2)
    assert [found.answering] == [True]


async def test_connections_that_are_cut_while_it_is_told_lose_nothing(opened: Opened, wire: Proxy) -> None:
    backend, found = opened
    for number in range(20):
        await put_embedded(backend, memory(f"dog number {number}"))
        following = asyncio.create_task(found.follow())
        await asyncio.sleep(0.002 * (number % 5))
        wire.cut()
        try:
            await following
        except IndexAway:
            continue
    await _agree(backend, found, 21)


async def test_a_slow_index_is_waited_for(opened: Opened, wire: Proxy) -> None:
    backend, found = opened
    wire.delay = 0.05
    await put_embedded(backend, memory("two dogs"))
    await _agree(backend, found, 2)


async def test_a_silent_index_is_given_up_and_caught_up_with(opened: Opened, wire: Proxy) -> None:
    backend, found = opened
    wire.hold()
    writing = asyncio.create_task(put_embedded(backend, memory("two dogs")))
    await asyncio.sleep(0.5)
    wire.cut()
    wire.release()
    await writing
    await _agree(backend, found, 2)
