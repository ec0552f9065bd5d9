"""The disk of the vector store is full, really: what was acknowledged is there and found, and it catches up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.chroma_server import Chroma, program
from tests.small_disk import fill, small_disk

from recollect.app import beside as attending
from recollect.app import stores
from recollect.errors import IndexAway
from recollect.library import AsyncMemory
from recollect.ops.check import Status
from recollect.ops.sides import sides
from recollect.stores.beside import asking, vectors
from recollect.testing.embedder import FakeEmbedder

ROOM, DIMENSION = "24m", 384
WRITTEN = 30


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a small disk of its own."""
    with small_disk(tmp_path / "disk", ROOM) as place:
        yield place


@pytest.fixture
def server(tmp_path: Path, disk: Path) -> Iterator[Chroma]:
    running = Chroma(program(), tmp_path, disk)
    try:
        running.start()
        yield running
    finally:
        running.kill()


@pytest.fixture
async def memory(home: Path, server: Chroma, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncMemory]:
    monkeypatch.setattr(vectors, "EXACT", 0)  # few are many,
    monkeypatch.setattr(stores, "MEGABYTE", 0)  # and none fit in memory
    monkeypatch.setattr(asking, "REST", 0.05)
    monkeypatch.setattr(attending, "LOOK", 0.05)
    settings = {"vectors": {"url": server.url}, "worker": {"poll": 0.05}}
    async with AsyncMemory(home, embed=FakeEmbedder(dimension=DIMENSION), settings=settings) as found:
        yield found


async def waiting(memory: AsyncMemory) -> int:
    """Return how many vectors the index has still to hear of."""
    assert memory.app.indexed is not None
    return await memory.app.database.read(memory.app.indexed.outbox.waiting)


async def test_a_full_disk_of_the_vector_store_loses_nothing(memory: AsyncMemory, disk: Path) -> None:
    await memory.add("The cat sleeps on the piano")
    await memory.app.drain()
    ballast = fill(disk)
    written = [f"Invoice {number} of the {number % 7}th supplier is due" for number in range(WRITTEN)]
    kept = [(await memory.add(text)).id for text in written]
    async with asyncio.timeout(60):
        while [memory.app.by_meaning] == [True]:
            await memory.search("invoice supplier due")
            await asyncio.sleep(0.01)
    assert await waiting(memory) > 0
    hits = await memory.search("Invoice 17", limit=WRITTEN)
    assert hits[0].memory.text == written[17], "words answer meanwhile"
    assert [(await memory.get(name)).text for name in kept] == written
    (check,) = await sides(memory.app)
    assert check.status is Status.WARN
    ballast.unlink()
    await _caught_up(memory, WRITTEN + 1)
    (check,) = await sides(memory.app)
    assert check.status is Status.OK, check
    assert (await memory.search("Invoice 17"))[0].memory.text == written[17]
    assert [memory.app.by_meaning] == [True]


async def _caught_up(memory: AsyncMemory, count: int) -> None:
    """Wait until the index has so many vectors and waits for none."""
    assert memory.app.indexed is not None
    async with asyncio.timeout(120):
        while True:
            try:
                if await memory.app.indexed.index.count(memory.app.engine.embed.model) == count:
                    break
            except IndexAway:
                pass
            await asyncio.sleep(0.05)
        while True:
            if not await waiting(memory):
                break
            await asyncio.sleep(0.05)
