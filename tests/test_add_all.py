"""Notes that are added together: all of them or none, each content once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory
from recollect.errors import InvalidInput, TooLarge
from recollect.testing.clock import START
from recollect.testing.embedder import FakeEmbedder


@pytest.fixture
async def memory(home: Path) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings={"worker": {"poll": 0.02}}) as opened:
        yield opened


async def test_notes_are_kept_in_order_with_all_they_carry(memory: AsyncMemory) -> None:
    notes: list[dict[str, Any]] = [
        {"text": "Alice prefers tabs", "kind": "fact", "title": "Style", "importance": 0.9},
        {"text": "Alice lives in Rome", "occurred_at": START, "metadata": {"category": "home"}},
        {"text": "The code is 4711", "expires_at": "2100-01-01"},
    ]
    tabs, rome, code = await memory.add_all(notes, user_id="alice", project_id="web")
    assert (tabs.kind, tabs.title, tabs.importance) == ("fact", "Style", 0.9)
    assert (rome.occurred_at, rome.metadata) == (START, {"category": "home"})
    assert code.expires_at is not None
    assert {item.scope.project_id for item in (tabs, rome, code)} == {"web"}
    await memory.drain()
    assert (await memory.search("where does Alice live? Rome", user_id="alice"))[0].memory.id == rome.id


async def test_nothing_is_kept_where_one_cannot_be(memory: AsyncMemory) -> None:
    wrong: list[tuple[dict[str, Any], type[InvalidInput]]] = [
        ({"text": " "}, InvalidInput),
        ({}, InvalidInput),
        ({"text": "x" * 2_000_001}, TooLarge),
        ({"text": "x", "kind": "turn"}, InvalidInput),
        ({"text": "x", "expires_at": "soon"}, InvalidInput),
        ({"text": "x", "importance": 2}, InvalidInput),
        ({"text": "x", "user_id": "bob"}, InvalidInput),
    ]
    for note, error in wrong:
        with pytest.raises(error):
            await memory.add_all([{"text": "fine"}, note])
    assert (await memory.stats()).memories == 0
    assert await memory.add_all([]) == []


async def test_what_was_said_before_is_counted_on_top(memory: AsyncMemory) -> None:
    before = await memory.add("Alice prefers tabs", metadata={"a": 1})
    again, new, twice = await memory.add_all(
        [{"text": "alice prefers TABS", "metadata": {"b": 2}}, {"text": "new"}, {"text": "NEW", "metadata": {"c": 3}}]
    )
    assert (again.id, again.repeats, again.version, again.metadata) == (before.id, 2, 2, {"a": 1, "b": 2})
    assert (new, new.repeats, new.version, new.metadata) == (twice, 2, 1, {"c": 3})
    assert await memory.get(before.id) == again


async def test_calls_at_the_same_time_keep_each_content_once(memory: AsyncMemory) -> None:
    notes = [{"text": f"note {number}"} for number in range(5)]
    calls = await asyncio.gather(*(memory.add_all(notes) for _ in range(5)), *(memory.add("note 3") for _ in range(3)))
    assert len(calls) == 8
    page = await memory.list(kinds=["note"])
    assert sorted((item.text, item.repeats) for item in page.memories) == [
        *((f"note {number}", 5) for number in range(3)),
        ("note 3", 8),
        ("note 4", 5),
    ]
