"""What one process deletes the others hold no longer."""

from __future__ import annotations

from pathlib import Path

from recollect import AsyncMemory
from recollect.app.forgetting import Forgetting

SETTINGS = {"embedder": {"provider": "none"}}


async def test_another_process_hears_of_what_was_wiped(home: Path) -> None:
    emptied: list[str] = []
    async with (
        AsyncMemory(home, settings=SETTINGS) as here,
        AsyncMemory(home, settings=SETTINGS, worker=False) as there,
    ):
        other = Forgetting(there.app.database, there.app.models, lambda: emptied.append("there"))
        await other.look()
        kept = await here.add("Bo prefers tabs.")
        await here.drain()
        await other.look()
        assert emptied == []
        await here.delete(kept.id)
        await here.drain()
        for _ in range(2):
            await other.look()
        assert emptied == ["there"]
