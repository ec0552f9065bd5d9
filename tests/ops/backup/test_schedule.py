"""Backups that a server makes by itself: when they are due, and when one fails."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from recollect import AsyncMemory
from recollect.errors import RecollectError
from recollect.ops.backup.chosen import repository_of
from recollect.ops.backup.schedule import Schedule, scheduled
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder


async def test_a_backup_is_made_when_it_is_due_and_old_ones_go(tmp_path: Path, clock: FakeClock) -> None:
    chosen = {"to": str(tmp_path / "backups"), "every": 6, "last": 2, "daily": 0, "weekly": 0, "monthly": 0}
    async with AsyncMemory(tmp_path / "home", settings={"backup": chosen}, embed=FakeEmbedder(), clock=clock) as memory:
        assert scheduled(memory.app)
        await memory.add("A note")
        schedule = Schedule(memory.app)
        due = await schedule.turn(clock.now())
        assert due == clock.now() + timedelta(hours=6)
        clock.forward(3600)
        assert await schedule.turn(clock.now()) == due
        repository = repository_of(memory.app.settings.backup)
        assert len(repository.snapshots()) == 1
        for _ in range(3):
            clock.forward(6 * 3600)
            await schedule.turn(clock.now())
        assert len(repository.snapshots()) == 2


async def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "file").write_text("no folder")
    chosen = {"to": str(tmp_path / "file" / "backups"), "every": 1}
    async with AsyncMemory(tmp_path / "home", settings={"backup": chosen}, embed=FakeEmbedder(), clock=clock) as memory:
        with pytest.raises(RecollectError):
            await Schedule(memory.app).turn(clock.now())


async def test_nothing_is_backed_up_unasked(tmp_path: Path) -> None:
    async with AsyncMemory(tmp_path / "home", embed=FakeEmbedder()) as memory:
        assert not scheduled(memory.app)
