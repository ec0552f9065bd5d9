"""The doctor says what became of the events of hooks."""

from __future__ import annotations

import os
from pathlib import Path

from recollect.hooks import spool
from recollect.ops.check import Status
from recollect.ops.doctor import examine
from recollect.ops.spooled import spooled
from recollect.settings import load


def keep(home: Path, n: int) -> Path:
    spool.put(str(home), "claude-code", "Stop", f"{n:016x}-1-a", b"{}")
    return Path(spool.folder(str(home)), spool.pending(spool.folder(str(home)))[-1])


def test_nothing_waits_and_nothing_is_wrong(home: Path) -> None:
    assert (spooled(home).status, spooled(home).detail) == (Status.OK, "none waiting")
    keep(home, 1)
    assert (spooled(home).status, spooled(home).detail[:10]) == (Status.OK, "1 waiting,")


def test_what_waits_too_long_wants_a_server(home: Path) -> None:
    os.utime(keep(home, 1), (1, 1))
    assert (spooled(home).status, "serve" in spooled(home).remedy) == (Status.WARN, True)


def test_what_was_set_aside_or_lost_is_told(home: Path) -> None:
    place = spool.folder(str(home))
    keep(home, 1)
    spool.count_dropped(place)
    assert (spooled(home).status, "1 dropped" in spooled(home).detail) == (Status.WARN, True)
    spool.set_aside(place, spool.pending(place)[0])
    assert "1 set aside" in spooled(home).detail
    assert "failed" in spooled(home).remedy


async def test_the_doctor_looks_at_it(home: Path) -> None:
    keep(home, 1)
    found = {check.name: check for check in await examine(load(home).settings)}
    assert found["hooks"].detail.startswith("1 waiting")
