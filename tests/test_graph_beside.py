"""A whole memory with a Neo4j beside it: what it says, finds and mends when Neo4j comes and goes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.neo4j_server import PASSWORD, USER, Neo4j, neo4j
from tests.proxy import Proxy

from recollect.app import beside as attending
from recollect.errors import ConfigError, IndexAway
from recollect.library import AsyncMemory
from recollect.models import Reach
from recollect.ops import health
from recollect.ops.check import Status
from recollect.ops.reindex import reindex
from recollect.ops.sides import sides
from recollect.stores.beside import asking
from recollect.stores.neo4j.graph import Neo4jGraph
from recollect.testing.embedder import FakeEmbedder

EVERY = Reach()

KILLS = int(os.environ.get("RECOLLECT_KILLS", "3"))


@pytest.fixture
def proxy(neo4j_server: Neo4j) -> Iterator[Proxy]:
    """Return what stands before the Neo4j, so that it can be away without being started again."""
    made = Proxy(("127.0.0.1", neo4j_server.port))
    yield made
    made.close()


@pytest.fixture
async def memory(home: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncMemory]:
    _hurry(monkeypatch)
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=_settings(proxy.port)) as found:
        yield found


def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "REST", 0.05)
    monkeypatch.setattr(attending, "LOOK", 0.05)


def _settings(port: int) -> dict[str, object]:
    url = f"bolt://{USER}:{PASSWORD}@127.0.0.1:{port}"
    return {"graph": {"url": url, "timeout": 30}, "worker": {"poll": 0.05}}


def graph_of(memory: AsyncMemory) -> Neo4jGraph:
    graph = memory.app.beside.graphed
    assert graph is not None
    return graph


async def say(memory: AsyncMemory, text: str) -> str:
    """Have whom a text begins with say it; return its id."""
    turn = {"role": "user", "speaker": text.split(maxsplit=1)[0], "content": text}
    (found,) = (await memory.capture([turn])).ids
    assert found is not None
    return found


async def _settled(memory: AsyncMemory) -> None:
    """Wait until both sides are the same: what waits for Neo4j is taken up as soon as it answers."""
    while True:
        await memory.app.drain()
        try:
            found = await graph_of(memory).compared()
        except IndexAway:
            pass
        else:
            if not found.waiting and not found.differing:
                return
        await asyncio.sleep(0.05)


def _names(server: Neo4j, memory: AsyncMemory) -> set[object]:
    asked = f"MATCH (e:RecollectEntity) WHERE e.store = '{graph_of(memory).store}' RETURN e.name AS name"
    return {row["name"] for row in server.ask(asked)}


async def _known(memory: AsyncMemory) -> set[str]:
    return {one.name for one in await memory.app.engine.stores.graph.list(EVERY, limit=1000)}


async def test_while_it_is_away_nothing_is_lost_and_the_store_answers(
    memory: AsyncMemory, proxy: Proxy, neo4j_server: Neo4j
) -> None:
    doomed = await say(memory, "Ann works at Acme")
    await say(memory, "Bo works at Acme")
    await _settled(memory)
    graph = memory.app.engine.stores.graph
    assert [path.entities for path in await graph.paths(EVERY, "Ann", "Bo")] == [("Ann", "Acme", "Bo")]
    assert (await health.parts(memory))["graph"]["status"] == health.Status.HEALTHY
    proxy.refusing = True
    proxy.cut()
    assert len(await graph.paths(EVERY, "Ann", "Bo")) == 1
    assert [graph_of(memory).answering] == [False]
    told = (await health.parts(memory))["graph"]
    assert (told["status"], told["answers"]) == (health.Status.DEGRADED, "store")
    (check,) = [one for one in await sides(memory.app) if one.name == "graph"]
    assert check.status is Status.WARN
    for number in range(10):
        await say(memory, f"Cy{number} lives in Zagreb{number}")
    await memory.delete(doomed)
    assert await graph.paths(EVERY, "Ann", "Bo") == []
    assert "Zagreb7" in await _known(memory)
    proxy.refusing = False
    await _settled(memory)
    assert _names(neo4j_server, memory) == await _known(memory)
    assert "Ann" not in _names(neo4j_server, memory)
    (check,) = [one for one in await sides(memory.app) if one.name == "graph"]
    assert check.status is Status.OK, check
    assert [graph_of(memory).answering] == [True]


@pytest.mark.slow
async def test_killed_under_writes_it_is_the_same_afterwards(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _hurry(monkeypatch)
    with neo4j() as server:
        async with AsyncMemory(home, embed=FakeEmbedder(), settings=_settings(server.port)) as memory:
            for round_ in range(KILLS):
                await _killed(memory, server, round_)


async def _killed(memory: AsyncMemory, server: Neo4j, round_: int) -> None:
    """Kill it while three write and delete; see that both sides are the same once it is back."""
    begun, stop = asyncio.Event(), asyncio.Event()

    async def write(writer: int) -> int:
        number = 0
        while not stop.is_set():
            number += 1
            added = await say(memory, f"Ann{writer} works at Acme{round_}x{number}")
            if number % 3 == 0:
                await memory.delete(added)
                begun.set()
        return number

    writers = [asyncio.create_task(write(number)) for number in range(3)]
    try:
        await begun.wait()
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    finally:
        stop.set()
        written = await asyncio.gather(*writers)
    assert sum(written) > 10
    await _settled(memory)
    assert _names(server, memory) == await _known(memory)


async def test_what_is_forgotten_is_gone_there_and_no_text_was_ever_there(
    memory: AsyncMemory, neo4j_server: Neo4j
) -> None:
    added = await say(memory, "Quetzalinda works at Acme; the vault code is nine-amber-lantern")
    await say(memory, "Bo works at Acme")
    await _settled(memory)
    assert "Quetzalinda" in _names(neo4j_server, memory)
    await memory.delete(added)
    await _settled(memory)
    assert _names(neo4j_server, memory) == {"Bo", "Acme"}
    everything = neo4j_server.ask("MATCH (n) OPTIONAL MATCH (n)-[r]-() RETURN properties(n) AS n, properties(r) AS r")
    assert "amber" not in repr(everything)
    assert "Quetzalinda" not in repr(everything)
    inside = b"".join(path.read_bytes() for path in (neo4j_server.folder / "data").rglob("*") if path.is_file())
    assert b"amber-lantern" not in inside


async def test_a_graph_that_was_meddled_with_is_mended_by_reindex(memory: AsyncMemory, neo4j_server: Neo4j) -> None:
    for number in range(5):
        await say(memory, f"Ann{number} works at Acme")
    await _settled(memory)
    store = graph_of(memory).store
    neo4j_server.ask(f"MATCH (e:RecollectEntity {{store: '{store}', name: 'Ann1'}}) DETACH DELETE e")
    neo4j_server.ask(f"MATCH (m:RecollectMemory {{store: '{store}'}}) WITH m LIMIT 1 DETACH DELETE m")
    neo4j_server.ask(f"MATCH ()-[r:RELATES {{store: '{store}'}}]->() WITH r LIMIT 1 SET r.predicate = 'hates'")
    neo4j_server.ask(f"CREATE (:RecollectEntity {{store: '{store}', key: 999999, tenant: 1, name: 'Mallory'}})")
    (check,) = [one for one in await sides(memory.app) if one.name == "graph"]
    assert (check.status, check.remedy) == (Status.WARN, "recollect reindex")
    assert {one.name for one in await memory.app.engine.stores.graph.list(EVERY)} == await _known(memory)
    await reindex(memory.app, lambda *_: None)
    await _settled(memory)
    assert _names(neo4j_server, memory) == {"Acme", *(f"Ann{number}" for number in range(5))}


async def test_a_store_that_had_none_fills_it(home: Path, neo4j_server: Neo4j) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder()) as before:
        for number in range(3):
            await say(before, f"Ann{number} works at Acme")
        await before.app.drain()
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=_settings(neo4j_server.port)) as after:
        await _settled(after)
        assert _names(neo4j_server, after) == {"Acme", "Ann0", "Ann1", "Ann2"}


async def test_who_is_not_let_in_is_told_where_to_look(home: Path, neo4j_server: Neo4j) -> None:
    wrong = {"graph": {"url": neo4j_server.bare, "user": "mallory", "password": "wrong"}}
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=wrong) as memory:
        await say(memory, "Ann works at Acme")
        assert "Ann" in await _known(memory)
        (check,) = [one for one in await sides(memory.app) if one.name == "graph"]
        assert check.status is Status.WARN
        assert (await health.parts(memory))["graph"]["error"] == "index_away"
        with pytest.raises(IndexAway, match=r"graph\.password") as refused:
            await graph_of(memory).server.rows("RETURN 1 AS one")
        assert "wrong" not in str(refused.value)


@pytest.mark.parametrize("url", ["bolt://", "bolt://host:port", "http://host"])
async def test_an_address_that_is_none_is_refused(home: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=r"graph"):
        async with AsyncMemory(home, embed=FakeEmbedder(), settings={"graph": {"url": url}}):
            pass
