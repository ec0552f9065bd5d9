"""Equal questions are answered from the cache in a moment, others never, and nothing outlives a delete."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory
from recollect.exchange import Asking
from recollect.meters import Deed
from recollect.providers.chat.kept import key_of
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.model_server import Answer, Failure, ModelServer

SECRET = "The vault opens with kookaburra"
TALK = ({"role": "system", "content": SECRET}, {"role": "user", "content": "How does the vault open?"})
ASKING = Asking("completion", "test", TALK, temperature=0.0, limit=50)


def settings(server: ModelServer, **more: Any) -> dict[str, Any]:
    models = {"providers": {"x": {"base_url": server.openai}}, "tasks": {"completion": {"model": "x/a"}}}
    return {"models": {**models, **more}, "worker": {"poll": 0.02}}


@pytest.fixture
async def memory(tmp_path: Path, server: ModelServer) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(tmp_path / "home", embed=FakeEmbedder(), settings=settings(server)) as opened:
        yield opened


async def test_an_equal_question_is_answered_from_the_cache(memory: AsyncMemory, server: ModelServer) -> None:
    deeds: list[Deed] = []
    memory.app.meters.add(deeds.append)
    models = memory.app.models
    server.script(Answer("With kookaburra.", tokens_in=20, tokens_out=3))
    first, second = [await models.ask(ASKING) for _ in range(2)]
    assert first is not None
    assert (first.cached, second) == (False, replace(first, cached=True))
    await models.settled()
    usage = await memory.app.engine.stores.records.usage()
    assert [(row.outcome, row.tokens_in, row.provider) for row in usage] == [
        ("answered", 20, "x/a"),
        ("cached", 0, "x/a"),
    ]
    assert [deed.count for deed in deeds if (deed.verb, deed.way) == ("cache", "answers")] == [0, 1]


@pytest.mark.parametrize(
    "other",
    [
        {"task": "extraction"},
        {"messages": [*TALK, {"role": "user", "content": "?"}]},
        {"messages": TALK[::-1]},
        {"schema": {"type": "object"}},
        {"temperature": 0.7},
        {"temperature": None},
        {"limit": 51},
        {"project_id": "other"},
    ],
    ids=str,
)
def test_the_key_holds_everything_that_shapes_the_answer(other: dict[str, Any]) -> None:
    assert key_of(replace(ASKING, **other), "m") != key_of(ASKING, "m")
    assert key_of(ASKING, "n") != key_of(ASKING, "m")
    assert key_of(replace(ASKING, purpose="another"), "m") == key_of(ASKING, "m")


async def test_failures_and_what_wants_a_fresh_answer_are_not_kept(memory: AsyncMemory, server: ModelServer) -> None:
    models = memory.app.models
    server.script(Failure(401))
    assert await models.ask(ASKING) is None
    server.usually("Yes.")
    fresh = replace(ASKING, cached=False)
    assert [(one and one.cached) for one in [await models.ask(fresh) for _ in range(2)]] in ([None, None], [False] * 2)


async def test_another_model_answers_anew(tmp_path: Path, server: ModelServer) -> None:
    for model in ("a", "b"):
        more = {"tasks": {"completion": {"model": f"x/{model}"}}}
        async with AsyncMemory(tmp_path, embed=FakeEmbedder(), settings=settings(server, **more)) as opened:
            answered = await opened.app.models.ask(ASKING)
        assert answered is not None
        assert (answered.model, answered.cached) == (f"x/{model}", False)


async def test_answers_outlast_the_process(tmp_path: Path, server: ModelServer) -> None:
    for cached in (False, True):
        async with AsyncMemory(tmp_path, embed=FakeEmbedder(), settings=settings(server)) as opened:
            answered = await opened.app.models.ask(ASKING)
        assert answered is not None
        assert answered.cached is cached
    assert len(server.requests) == 1


async def test_nothing_of_an_answer_is_left_after_a_delete(
    memory: AsyncMemory, server: ModelServer, tmp_path: Path
) -> None:
    note = await memory.add(SECRET, user_id="alice")
    server.usually("It opens with kookaburra.")
    assert await memory.app.models.ask(ASKING) is not None
    await memory.app.models.settled()
    with closing(sqlite3.connect(tmp_path / "home" / "recollect.db")) as back_door:
        assert back_door.execute("SELECT count(*) FROM cache").fetchall() == [(1,)]
    await memory.delete(note.id)
    await memory.drain()
    held = b"".join(path.read_bytes() for path in (tmp_path / "home").glob("recollect.db*"))
    assert b"kookaburra" not in held
    answered = await memory.app.models.ask(ASKING)
    assert answered is not None
    assert answered.cached is False


async def test_a_hit_takes_less_than_a_millisecond(memory: AsyncMemory) -> None:
    models = memory.app.models
    await models.ask(ASKING)
    times = []
    for _ in range(300):
        begun = time.perf_counter()
        answered = await models.ask(ASKING)
        times.append((time.perf_counter() - begun) * 1000)
        assert answered is not None
        assert answered.cached
    print(f"cache hit p50 {statistics.median(times):.3f} ms")  # noqa: T201 - shown with pytest -s
    assert statistics.median(times) < 1
