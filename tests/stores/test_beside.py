"""An index beside the records follows them, whatever happens to it, and nothing is lost when it is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.stores.beside import database_of, indexed, qdrant
from tests.stores.conftest import Opener

from recollect.errors import IndexAway
from recollect.exchange import Batch
from recollect.models import Reach, Scope, Where, Within
from recollect.stores.beside import vectors
from recollect.stores.beside.asking import REST, Following
from recollect.stores.beside.compare import Compared, Sides
from recollect.stores.beside.index import Index, Point
from recollect.stores.beside.outbox import INDEX, due, settle, waiting
from recollect.stores.beside.vectors import IndexedVectors
from recollect.testing.backend import Backend
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.sample import HERE, memory, put, texts
from recollect.testing.vectors import embed_all, put_embedded

FAKE = FakeEmbedder()
ASKED = FAKE.one("one cat").vector


class Moody:
    """An index that may be away; what it does is counted."""

    def __init__(self, index: Index) -> None:
        self.index, self.away, self.calls, self.begun = index, False, 0, asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.index, name)
        if name in {"close", "chunks"}:
            return found

        async def asked(*arguments: object) -> Any:
            self.calls += 1
            if self.away:
                raise IndexAway("It is away")
            return await found(*arguments)

        return asked


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["file", "postgres"])
async def opened(
    request: pytest.FixtureRequest, opener: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Backend, IndexedVectors, Moody, Clock]]:
    monkeypatch.setattr(vectors, "EXACT", 0)
    place: Path | str = tmp_path / "recollect.db"
    if request.param == "postgres":  # a database of its own: triggers are made in it
        place = request.getfixturevalue("postgres_server").database()
    backend, found = await indexed(opener, place, lambda store: Moody(qdrant("local", store, tmp_path)))
    clock = Clock()
    found._clock = clock
    assert isinstance(found.index, Moody)
    yield backend, found, found.index, clock
    found.index.away = False


Opened = tuple[Backend, IndexedVectors, Moody, Clock]


async def _found(backend: Backend) -> list[str]:
    return await texts(backend, (await backend.vectors.search("fake", ASKED, HERE, 9)).keys)


async def test_what_is_written_while_it_is_away_is_there_when_it_is_back(opened: Opened) -> None:
    backend, found, index, clock = opened
    await put_embedded(backend, memory("one cat"))
    index.away = True
    await put_embedded(backend, memory("two dogs"))
    assert [found.answering] == [False]
    assert await found.unembedded("fake", limit=9) == []  # nothing is made twice
    near = await backend.vectors.search("fake", ASKED, HERE, 9)
    assert near.keys.tolist() == []
    assert near.mean > 0  # so that what words find is still ranked by meaning
    index.away = False
    clock.now += REST
    assert await found.follow() > 0
    assert [found.answering] == [True]
    assert await index.index.count("fake") == 2
    assert await _found(backend) == ["one cat", "two dogs"]


async def test_while_it_rests_nobody_waits_for_it(opened: Opened) -> None:
    backend, _, index, clock = opened
    await put_embedded(backend, memory("one cat"))
    index.away = True
    await _found(backend)
    before = index.calls
    for _ in range(5):
        assert await _found(backend) == []
    assert index.calls == before
    clock.now += REST
    index.away = False
    assert await _found(backend) == ["one cat"]


async def test_deletes_reach_it_whatever_way_they_take(opened: Opened) -> None:
    backend, found, index, clock = opened
    one, other = memory("one cat"), memory("two dogs")
    await put_embedded(backend, one, other)
    index.away = True
    await backend.records.commit(Batch(deletes=[one.id]))
    jobs = [job for job in await backend.queue.claim("me", limit=9, lease=60) if job.name == INDEX]
    with pytest.raises(IndexAway):
        await Following(found, backend.queue, INDEX)(jobs)
    index.away = False
    clock.now += REST
    await Following(found, backend.queue, INDEX)(jobs[:1])
    assert await index.index.count("fake") == 1
    assert await database_of(backend).read(waiting) == 0


async def test_a_job_is_left_by_every_change(opened: Opened) -> None:
    backend, _, _, _ = opened
    (key,) = await put(backend, memory("one cat"))
    await backend.queue.finish([job.id for job in await backend.queue.jobs()])
    await embed_all(backend, FAKE)
    assert [job.name for job in await backend.queue.jobs()] == [INDEX]
    await backend.queue.finish([job.id for job in await backend.queue.jobs()])
    (item,) = await backend.records.fetch([key])
    await backend.records.commit(Batch(deletes=[item.id]))
    assert [job.name for job in await backend.queue.jobs()] == [INDEX]


async def test_what_is_deleted_while_the_index_is_told_of_it_does_not_stay_there(opened: Opened) -> None:
    backend, found, index, _ = opened
    item = memory("one cat")
    index.away = True
    await put_embedded(backend, item)
    index.away = False
    database = database_of(backend)
    (slow,) = await database.read(due)  # another process has read this, and is slow
    await backend.records.commit(Batch(deletes=[item.id]))
    found._resting = 0
    await found.follow()
    await index.index.put(slow.model, slow.dimension, slow.points)
    await database.write(lambda connection: settle(connection, slow))
    assert await index.index.count("fake") == 1
    await found.follow()
    assert await index.index.count("fake") == 0


async def test_while_it_is_away_one_job_stands_for_all(opened: Opened) -> None:
    backend, found, index, clock = opened
    index.away = True
    for number in range(5):
        await put_embedded(backend, memory(f"one cat {number}"))
        backend.clock.forward(3600)
        for job in [job for job in await backend.queue.claim("me", limit=9, lease=60) if job.name == INDEX]:
            with pytest.raises(IndexAway):
                await Following(found, backend.queue, INDEX)([job])
            await backend.queue.fail(job.id, "away", retry_in=None)
        assert len(await backend.queue.parked(INDEX)) == 1
    index.away = False
    clock.now += REST
    await found.follow()
    assert await index.index.count("fake") == 5


async def test_both_sides_are_compared_and_mended(opened: Opened) -> None:
    backend, found, index, _ = opened
    keys = await put_embedded(backend, *(memory(f"one cat {number}") for number in range(3)))
    sides = Sides(database_of(backend), found)
    assert (await sides.compare()).models == (Compared("fake", 3, 3, 0, 0),)
    chunks = [key async for part in index.index.chunks("fake") for key in part]
    await index.index.remove("fake", chunks[:2])
    await index.index.put("fake", 256, [Point(9999, keys[1], 1, [1.0] * 256)])
    told = await sides.compare()
    assert told.models == (Compared("fake", 3, 2, 2, 1),)
    assert told.differing == 3
    await sides.compare(repair=True)
    assert (await sides.compare()).waiting == 3
    await found.follow()
    assert (await sides.compare()).models == (Compared("fake", 3, 3, 0, 0),)


async def test_a_model_that_is_dropped_is_dropped_there_too(opened: Opened) -> None:
    backend, found, index, clock = opened
    await put_embedded(backend, memory("one cat"), memory("two dogs"))
    index.away = True
    assert await found.drop("fake") == 2
    await embed_all(backend, FAKE)
    index.away = False
    clock.now += REST
    await found.follow()
    assert await index.index.count("fake") == 2
    assert sorted(await _found(backend)) == ["one cat", "two dogs"]


async def test_it_never_looks_beyond_what_somebody_may_reach(opened: Opened) -> None:
    backend, found, index, _ = opened
    mine, theirs = memory("one cat", Scope(project_id="mine")), memory("one cat too", Scope(project_id="theirs"))
    await put_embedded(backend, mine, theirs)
    asked: list[Any] = []
    behind: Any = index.index
    nearest = behind.nearest

    async def heard(*arguments: Any) -> list[int]:
        asked.append(arguments[2])
        found: list[int] = await nearest(*arguments)
        return found

    behind.nearest = heard
    reach = Reach(None, None, within=Within(frozenset({"mine"})))
    near = await found.search("fake", ASKED, Where(reach), 9)
    assert await texts(backend, near.keys) == ["one cat"]
    assert [len(owners) for owners in asked] == [1]
