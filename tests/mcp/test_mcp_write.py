"""What is kept on purpose is found again; what is forgotten is gone; figures and health are told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mcp import Client
from tests.mcp.conftest import Connect, ids_in

from recollect import AsyncMemory
from recollect.errors import StoreBusy, StoreFull
from recollect.mcp.desk import Desk
from recollect.mcp.server import Server


async def test_what_is_added_is_kept_with_all_that_was_said_about_it(memory: AsyncMemory, connect: Connect) -> None:
    async with connect() as call:
        text = await call(
            "add_memory",
            text="Use tabs",
            title="Style",
            kind="fact",
            category="preference",
            importance=0.9,
            metadata={"team": "web"},
            expires_at="2100-01-01",
        )
    item = await memory.get(ids_in(text)[0])
    assert (item.text, item.title, item.kind, item.importance) == ("Use tabs", "Style", "fact", 0.9)
    assert dict(item.metadata) == {"team": "web", "category": "preference"}
    assert (item.scope.user_id, item.scope.project_id) == ("default", "web")
    assert item.expires_at is not None


async def test_what_is_said_again_is_one_memory(memory: AsyncMemory, connect: Connect) -> None:
    async with connect() as call:
        texts = await asyncio.gather(*(call("add_memory", text="Deploy on Fridays") for _ in range(10)))
        assert len({ids_in(text)[0] for text in texts}) == 1
        assert "has now been said 11 times" in await call("add_memory", text="Deploy on Fridays")


async def test_private_text_is_not_kept(memory: AsyncMemory, connect: Connect) -> None:
    async with connect() as call:
        (name,) = ids_in(await call("add_memory", text="Tabs. <private>my salary</private>"))
        assert "salary" not in (await memory.get(name)).text
        assert await call.refused("add_memory", text="<private>my salary</private>")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"text": ""}, "text: "),
        ({"text": "x", "kind": "turn"}, "kind: "),
        ({"text": "x", "importance": 7}, "importance: "),
        ({"text": "x", "expires_at": "never"}, "expires_at is not a time"),
        ({"text": "x", "metadata": ["a"]}, "metadata: "),
        ({"text": "x", "memory": "y"}, "add_memory has no argument 'memory'"),
        ({"text": "x" * 3_000_000}, "limit"),
    ],
)
async def test_what_cannot_be_kept_is_explained(connect: Connect, arguments: Any, said: str) -> None:
    async with connect() as call:
        assert said in await call.refused("add_memory", **arguments)


async def test_what_is_forgotten_is_gone(memory: AsyncMemory, connect: Connect) -> None:
    one, two = await memory.add("zebra one", project_id="web"), await memory.add("zebra two", project_id="web")
    async with connect() as call:
        text = await call("forget_memory", ids=[one.id, "ffffffff"])
        assert ids_in(text) == [one.id]
        assert "There is no memory ffffffff" in text
        assert ids_in(await call("search_memories", query="zebra")) == [two.id]
        assert "There is no memory" in await call.refused("forget_memory", ids=[one.id])


async def test_each_memory_that_is_looked_at_is_told(memory: AsyncMemory) -> None:
    kept = await memory.add_all([{"text": f"zebra {number}"} for number in range(3)])
    seen: list[float] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    async with Client(Server(Desk(memory))) as client:
        arguments = {"ids": [item.id for item in kept]}
        await client.call_tool("forget_memory", arguments, progress_callback=heard)
    assert seen == [1, 2, 3]


async def test_figures_are_those_of_the_project(memory: AsyncMemory, connect: Connect) -> None:
    await memory.add("zebra", project_id="web", metadata={"category": "animals"})
    await memory.add("gnu", project_id="zoo")
    await memory.drain()
    async with connect() as call:
        await call("search_memories", query="zebra")
        text = await call("get_stats")
        assert text.startswith("Project `web`: 1 memories")
        assert "animals 1" in text
        assert "search: 1 times" in text
        assert "Project `empty`: 0 memories" in await call("get_stats", project_id="empty")


async def test_health_is_told_part_by_part_and_takes_no_notice_of_made_up_arguments(connect: Connect) -> None:
    async with connect() as call:
        text = await call("health_check", random_string="x")
    assert " is healthy." in text
    assert all(f"- {part}: healthy" in text for part in ("store", "worker", "embedder", "disk"))


@pytest.mark.parametrize(("error", "said"), [(StoreBusy, "busy"), (StoreFull, "disk is full")])
async def test_a_store_that_fails_is_told_without_its_paths(
    memory: AsyncMemory, connect: Connect, monkeypatch: pytest.MonkeyPatch, error: type[Exception], said: str
) -> None:
    async def failing(*_: Any, **__: Any) -> None:
        raise error("held by /somewhere/secret.db")

    monkeypatch.setattr(memory, "search", failing)
    monkeypatch.setattr(memory, "add", failing)
    async with connect() as call:
        for text in (await call.refused("search_memories", query="x"), await call.refused("add_memory", text="x")):
            assert said in text
            assert "secret" not in text
