"""A store with everything in it that a backup must keep."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from recollect import AsyncMemory
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def memory(tmp_path: Path, clock: FakeClock) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(tmp_path / "home", embed=FakeEmbedder(), clock=clock) as opened:
        await filled(opened)
        yield opened


async def filled(memory: AsyncMemory) -> None:
    """Keep turns, notes, a correction and a deletion, in two languages and projects."""
    turns = [
        {
            "role": "user",
            "content": f"I decided to paint lighthouse {number} in blue, 第{number}座灯塔。",
            "speaker": "Mei",
        }
        for number in range(40)
    ]
    await memory.capture(turns, conversation_id="c1", project_id="coast")
    note = await memory.add("Alice prefers tabs", user_id="alice", metadata={"a": None, "b": [1, 2.5, "三"]})
    await memory.update(note.id, text="Alice prefers spaces")
    gone = await memory.add("A secret nobody may keep: quokka", user_id="alice")
    await memory.delete(gone.id)
    await memory.drain()
