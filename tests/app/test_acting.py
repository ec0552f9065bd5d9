"""What an application is for one actor: narrowed in what he may see, and set as the application itself is."""

from __future__ import annotations

from pathlib import Path

from recollect import AsyncMemory
from recollect.models import Person

SETTINGS = {"embedder": {"provider": "none"}, "compose": {"budget": 60, "fusion_limit": 50, "language": "zh"}}


async def test_a_user_is_told_in_the_words_and_the_room_that_the_settings_say(home: Path) -> None:
    async with AsyncMemory(home, settings=SETTINGS, worker=False) as memory:
        await memory.people.members.add_user("ann")
        for number in range(12):
            await memory.add(f"The lighthouse is deployed from pipeline {number}", user_id="ann")
        hers = memory.acting(Person("ann"))
        root, seen = memory.app.engine.composing, hers.app.engine.composing
        assert (seen.budget, seen.fusion_limit, seen.language) == (60, 50, "zh") == (root.budget, 50, root.language)
        told = await hers.context("How is the lighthouse deployed?")
        assert told.memories
        assert told.tokens <= 60
        assert told.dropped > 0
        assert "以下" in told.text
