"""When a server runs the policies: by when they last ran, not by when the server was started."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.ops.retention.conftest import Opener
from tests.ops.retention.kept import DAY, filled, forward, opened, ran

from recollect.errors import StoreBusy
from recollect.models import RunState
from recollect.ops.retention.schedule import Schedule, last_at, next_at
from recollect.testing.clock import FakeClock

GONE = {"name": "gone", "action": "delete", "older_than": 30}
NONE = {"name": "none", "action": "delete", "older_than": 9000}
DAILY = {"every": 24}


async def test_a_restart_does_not_put_the_next_run_off(keep: Opener) -> None:
    memory = await keep(GONE, NONE, retention=DAILY)
    await filled(memory)
    now = memory.app.engine.now()
    assert await last_at(memory.app) is None
    assert await next_at(memory.app) == now + timedelta(hours=1), "time to look at the preview"
    (met,) = await ran(memory)
    assert [one.id for one in await memory.app.retention.runs()] == [met.id], "what met nothing is not listed"
    assert await next_at(memory.app) == now + timedelta(hours=24), "and counts"
    forward(memory, 20 / 24)
    started = memory.app.engine.now()
    assert await Schedule(memory.app).due(started) == now + timedelta(hours=24)
    forward(memory, 1)
    assert await Schedule(memory.app).due(memory.app.engine.now()) < memory.app.engine.now()


async def test_one_policy_that_is_run_by_hand_does_not_put_the_others_off(keep: Opener) -> None:
    memory = await keep(GONE, NONE, retention=DAILY)
    await ran(memory)
    first = await last_at(memory.app)
    forward(memory, 0.5)
    await ran(memory, "gone")
    assert await last_at(memory.app) == first


async def test_of_runs_that_met_nothing_one_row_stays(keep: Opener) -> None:
    memory = await keep(GONE, retention=DAILY)
    for _ in range(3):
        await ran(memory)
        forward(memory, 1)
    assert await memory.app.retention.runs() == []
    assert len(await memory.app.database.read(lambda found: found.exec_driver_sql(
        "SELECT key FROM retention_run").all())) == 1  # fmt: skip


async def test_what_fails_is_known_until_it_has_come_to_its_end(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    async with opened(home, [GONE], retention=DAILY, clock=clock) as memory:
        await filled(memory)

        async def full(*_: object) -> None:
            raise StoreBusy("The disk is full")

        with monkeypatch.context() as broken:
            broken.setattr(type(memory.app.retention), "step", full)
            await Schedule(memory.app).turn()
        (failed,) = await memory.app.retention.broken()
        assert (failed.policy, failed.error) == ("gone", "The disk is full")
        clock.forward(DAY)
        await Schedule(memory.app).turn()
        assert await memory.app.retention.broken() == []
        (run,) = await memory.app.retention.runs()
        assert (run.id, run.state, run.error) == (failed.id, RunState.DONE, "")
