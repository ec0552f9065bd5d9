"""A worker whose process is gone is known as such; nobody else is taken for dead."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from recollect.models import Task
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.queue import SqlQueue
from recollect.testing.clock import FakeClock
from recollect.worker.identity import is_gone, own_name, release_abandoned


def gone_name() -> str:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return f"{own_name().partition('/')[0]}/{process.pid}/abcd"


def test_names_are_ones_own() -> None:
    assert own_name() != own_name()
    assert str(os.getpid()) in own_name()


def test_only_a_process_of_this_machine_that_is_not_there_is_gone() -> None:
    assert is_gone(gone_name())
    assert not is_gone(own_name())
    assert not is_gone(f"{socket.gethostname()}/1/abcd")
    assert not is_gone("elsewhere/999999/abcd")
    assert not is_gone(f"{socket.gethostname()}:1/999999/abcd"), "a container of this name, with processes of its own"
    for odd in ("", "x", socket.gethostname(), f"{socket.gethostname()}/x/y", "///"):
        assert not is_gone(odd)


async def test_jobs_of_the_dead_are_taken_back_and_those_of_the_living_are_not(tmp_path: Path) -> None:
    database = Database(tmp_path / "r.db")
    upgrade(database)
    queue = SqlQueue(database, FakeClock())
    await queue.push([Task("embed", {"n": number}) for number in range(3)])
    dead, alive = gone_name(), own_name()
    await queue.claim(dead, limit=1, lease=60)
    await queue.claim(alive, limit=1, lease=60)
    assert await release_abandoned(queue) == 1
    assert await queue.workers() == [alive]
    await database.close()
