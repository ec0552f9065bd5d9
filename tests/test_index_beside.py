"""A whole memory with an index of vectors beside it: what it says, finds and mends when the index comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.chroma_server import Chroma, chroma

from recollect.app import beside as attending
from recollect.app import stores
from recollect.errors import IndexAway
from recollect.library import AsyncMemory
from recollect.ops import health
from recollect.ops.check import Status
from recollect.ops.reindex import reindex
from recollect.ops.sides import sides
from recollect.stores.beside import asking, vectors
from recollect.testing.embedder import FakeEmbedder


@pytest.fixture
def server() -> Iterator[Chroma]:
    with chroma() as running:
        yield running


@pytest.fixture
async def memory(home: Path, server: Chroma, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncMemory]:
    monkeypatch.setattr(vectors, "EXACT", 0)  # few are many,
    monkeypatch.setattr(stores, "MEGABYTE", 0)  # and none fit in memory
    monkeypatch.setattr(asking, "REST", 0.05)
    monkeypatch.setattr(attending, "LOOK", 0.05)
    async with AsyncMemory(
        home, embed=FakeEmbedder(), settings={"vectors": {"url": server.url}, "worker": {"poll": 0.05}}
    ) as found:
        yield found


async def _held(memory: AsyncMemory) -> int:
    assert memory.app.indexed is not None
    return await memory.app.indexed.index.count(memory.app.engine.embed.model)


async def _settled(memory: AsyncMemory, count: int) -> None:
    """Wait until the index has so many vectors: what waits for it is taken up as soon as it answers."""
    while True:
        await memory.app.drain()
        try:
            if await _held(memory) == count:
                return
        except IndexAway:
            pass
        await asyncio.sleep(0.05)


async def test_a_server_that_is_killed_loses_nothing_and_words_answer_meanwhile(
    memory: AsyncMemory, server: Chroma
) -> None:
    await memory.add("The cat sleeps on the piano")
    await memory.add("The build fails on arm64")
    await memory.app.drain()
    assert await _held(memory) == 2
    assert [memory.app.by_meaning] == [True]
    server.kill()
    hits = await memory.search("cat on the piano")
    assert hits[0].memory.text == "The cat sleeps on the piano"
    assert [memory.app.by_meaning] == [False]
    told = await health.parts(memory)
    assert told["index"]["status"] == health.Status.DEGRADED
    assert told["embedder"]["search"] == "words"
    (check,) = await sides(memory.app)
    assert check.status is Status.WARN
    doomed = hits[0].memory.id
    await memory.add("Our invoices are due on Fridays")
    await memory.delete(doomed)
    assert (await memory.search("invoices due"))[0].memory.text == "Our invoices are due on Fridays"
    server.start()
    await _settled(memory, 2)
    (check,) = await sides(memory.app)
    assert check.status is Status.OK, check
    await memory.search("invoices due")
    assert [memory.app.by_meaning] == [True]
    assert (await health.parts(memory))["index"]["status"] == health.Status.HEALTHY


async def test_an_index_that_lost_its_vectors_is_mended_by_reindex(memory: AsyncMemory) -> None:
    for number in range(5):
        await memory.add(f"note number {number} of many")
    await memory.app.drain()
    assert memory.app.indexed is not None
    await memory.app.indexed.index.drop(memory.app.engine.embed.model)
    (check,) = await sides(memory.app)
    assert (check.status, check.remedy) == (Status.WARN, "recollect reindex")
    await reindex(memory.app, lambda *_: None)
    await _settled(memory, 5)
    (check,) = await sides(memory.app)
    assert check.status is Status.OK, check
    assert (await health.parts(memory))["index"]["vectors"] == 5


async def test_a_store_that_had_none_fills_its_index(home: Path, server: Chroma) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder()) as before:
        for number in range(3):
            await before.add(f"note number {number} of many")
        await before.app.drain()
    chosen = {"vectors": {"url": server.url}, "worker": {"poll": 0.05}}
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=chosen) as after:
        await _settled(after, 3)
