"""A proof asks every place: rows, an index, kept answers, a server's files, other stores; it says what it missed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.ops.backup.drill import chosen, opened, silent
from tests.redis_server import redis_server

from recollect import AsyncMemory
from recollect.app.former import formers
from recollect.app.tables import write_anew
from recollect.models import Reach
from recollect.ops.prove import Proof, clear, look, witness
from recollect.ops.sync.enrol import enrol
from recollect.providers.held_cache import LayeredCache
from recollect.settings import Settings
from recollect.stores.beside.index import Point

SECRET = "The quokka lives behind the third lighthouse, 在第三座灯塔后面."


async def proven(memory: AsyncMemory, *, anew: bool = False, **whom: Any) -> Proof:
    """Forget and prove it, as the command does."""
    await memory.drain()
    seen = await witness(memory, Reach.of(**whom), None)
    count = await memory.forget(**whom)
    await memory.drain()
    clear(memory)
    if anew:
        await write_anew(memory.app)
    return await look(memory, seen, count, silent)


async def said(memory: AsyncMemory) -> str:
    kept = await memory.add(SECRET, user_id="mei", project_id="coast")
    await memory.update(kept.id, metadata={"seen": True})
    await memory.add("Bo likes tea and nothing else in the morning", user_id="bo", project_id="coast")
    return kept.id


def found(proof: Proof) -> dict[str, int | None]:
    return {place.name: place.found for place in proof.places}


@pytest.mark.parametrize("whom", [{"user_id": "mei"}, {"project_id": "coast"}])
async def test_every_place_is_named_and_nothing_is_left(tmp_path: Path, whom: dict[str, Any]) -> None:
    async with opened(chosen(tmp_path / "home")) as memory:
        await said(memory)
        proof = await proven(memory, **whom)
    assert proof.holds
    assert found(proof).keys() >= {"rows", "vector index", "graph database", "kept answers", "other stores"}
    assert set(found(proof).values()) == {0}


async def test_rows_that_were_left_behind_are_found_by_number(tmp_path: Path) -> None:
    async with opened(chosen(tmp_path / "home")) as memory:
        await said(memory)
        seen = await witness(memory, Reach.of(user_id="mei"), None)
        proof = await look(memory, seen, 0, silent)  # nothing was deleted
    assert not proof.holds
    assert (found(proof)["rows"] or 0) >= 2
    assert "memory" in next(place.note for place in proof.places if place.name == "rows")


async def test_an_index_that_still_has_a_vector_is_told(tmp_path: Path) -> None:
    url = f"qdrant://{tmp_path}/index"
    async with opened(chosen(tmp_path / "home", vectors={"url": url})) as memory:
        await said(memory)
        await memory.drain()
        seen = await witness(memory, Reach.of(user_id="mei"), None)
        assert found(await proven(memory, user_id="mei"))["vector index"] == 0
        assert memory.app.indexed is not None
        model = memory.app.engine.embed.model
        vector = np.ones(memory.app.engine.embed.dimension).tolist()
        await memory.app.indexed.index.put(model, len(vector), [Point(seen.numbers.chunks[0], 1, 1, vector)])
        proof = await look(memory, seen, 0, silent)
    assert (found(proof)["vector index"], proof.holds) == (1, False)


async def test_answers_kept_in_redis_are_looked_through(tmp_path: Path) -> None:
    with redis_server() as server:
        async with opened(chosen(tmp_path / "home", redis={"url": server.url})) as memory:
            await said(memory)
            cache = memory.app.models._cache
            assert isinstance(cache, LayeredCache)
            await cache.set("answer", SECRET.encode(), ttl=60)
            await cache.settled()
            seen = await witness(memory, Reach.of(user_id="mei"), None)
            assert found(await look(memory, seen, 0, silent))["kept answers"] == 2  # in this process, and in Redis
            proof = await proven(memory, user_id="mei")
        assert (found(proof)["kept answers"], proof.holds) == (0, True)


@pytest.fixture
def on_server(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    return chosen(tmp_path / "home", request.getfixturevalue("postgres_server").database())


async def test_on_a_server_columns_are_asked_and_files_once_they_are_written_anew(on_server: Settings) -> None:
    async with opened(on_server) as memory:
        await said(memory)
        await memory.app.database.outside("CHECKPOINT")
        early = await look(memory, await witness(memory, Reach.of(user_id="mei"), None), 0, silent)
        tables = {trace.file for trace in early.traces if trace.file.startswith("table ")}
        assert "table memory" in tables
        assert early.holds is False
        proof = await proven(memory, anew=True, user_id="mei")
    assert [trace for trace in proof.traces if not trace.held_by] == []
    assert (proof.holds, found(proof)["texts"], found(proof)["rows"]) == (True, 0, 0)
    note = next(place.note for place in proof.places if place.name == "server's files")
    assert "not its write-ahead log" in note or "not at hand" in note


async def test_what_somebody_else_says_on_the_server_is_told_apart(on_server: Settings) -> None:
    async with opened(on_server) as memory:
        await said(memory)
        kept = await memory.add(SECRET, user_id="bo")
        proof = await proven(memory, anew=True, user_id="mei")
    assert {trace.held_by for trace in proof.traces} == {kept.id}
    assert proof.holds


async def test_a_center_says_which_nodes_have_not_been_here_since(tmp_path: Path) -> None:
    node: dict[str, Any] = {"role": "center"}
    async with opened(chosen(tmp_path / "home", node=node)) as memory:
        await enrol(memory.app, "laptop")
        await said(memory)
        proof = await proven(memory, user_id="mei")
    (place,) = [place for place in proof.places if place.name == "other stores"]
    assert (place.found, "not here since: laptop" in place.note) == (None, True)


async def test_copies_from_before_an_upgrade_are_removed(tmp_path: Path) -> None:
    settings = chosen(tmp_path / "home")
    async with opened(settings) as memory:
        await said(memory)
        copy = settings.database.with_name("recollect.db.before-0013")
        copy.write_text(SECRET, encoding="utf-8")
        proof = await proven(memory, user_id="mei")
    assert (formers(settings), proof.holds) == ([], True)
