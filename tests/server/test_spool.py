"""What waits in the spool is delivered in order, once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from recollect.errors import InvalidInput, StoreBusy, StoreFull
from recollect.hooks import spool
from recollect.server import spool as delivery
from recollect.server.spool import Spool


class Taken:
    """Takes events, or fails as it is told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, Mapping[str, Any]]] = []
        self.failures: dict[int, list[Exception]] = {}

    async def __call__(self, client: str, event: str, envelope: Mapping[str, Any]) -> None:
        waiting = self.failures.get(envelope["payload"]["n"])
        if waiting:
            raise waiting.pop(0)
        self.seen.append((client, event, envelope))

    @property
    def numbers(self) -> list[int]:
        return [envelope["payload"]["n"] for _, _, envelope in self.seen]


@pytest.fixture
def taken() -> Taken:
    return Taken()


def keep(home: Path, n: int, event: str = "PostToolUse") -> None:
    event_id = f"{n:016x}-1-abcdef"
    envelope = {"event_id": event_id, "sent_at": "2026-05-01T09:00:00Z", "payload": {"n": n}}
    spool.put(str(home), "claude-code", event, event_id, json.dumps(envelope).encode())


def waiting(home: Path) -> list[str]:
    return spool.pending(spool.folder(str(home)))


@asynccontextmanager
async def running(box: Spool) -> AsyncIterator[None]:
    task = asyncio.create_task(box.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_what_waits_is_delivered_in_the_order_it_happened_and_is_gone(home: Path, taken: Taken) -> None:
    for n in (3, 1, 2, 300, 20):
        keep(home, n)
    assert await Spool(home, taken).deliver()
    assert taken.numbers == [1, 2, 3, 20, 300]
    client, event, envelope = taken.seen[0]
    assert (client, event, envelope["spooled"]) == ("claude-code", "PostToolUse", True)
    assert envelope["event_id"] == f"{1:016x}-1-abcdef"
    assert waiting(home) == []


async def test_without_a_folder_there_is_nothing_to_do(home: Path, taken: Taken) -> None:
    assert await Spool(home, taken).deliver()
    assert taken.seen == []


async def test_an_event_that_fails_holds_up_the_rest_and_is_set_aside_after_three_times(
    home: Path, taken: Taken
) -> None:
    for n in range(3):
        keep(home, n)
    taken.failures[1] = [InvalidInput("no"), ValueError("nor this"), InvalidInput("no")]
    box = Spool(home, taken)
    assert not await box.deliver()
    assert not await box.deliver()
    assert taken.numbers == [0]
    assert len(waiting(home)) == 2
    assert await box.deliver()
    assert taken.numbers == [0, 2]
    assert waiting(home) == []
    [aside] = (home / "spool" / "failed").iterdir()
    assert json.loads(aside.read_bytes())["envelope"]["payload"] == {"n": 1}


@pytest.mark.parametrize("error", [StoreBusy("held"), StoreFull("full")])
async def test_while_the_store_cannot_be_written_nothing_is_set_aside(
    home: Path, taken: Taken, error: Exception
) -> None:
    keep(home, 1)
    taken.failures[1] = [error] * 10
    box = Spool(home, taken)
    for _ in range(10):
        assert not await box.deliver()
    assert await box.deliver()
    assert taken.numbers == [1]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"client":1,"event":"a","envelope":{}}', b'{"client":"a","event":"b"}'],
)
async def test_what_is_no_event_is_set_aside_at_once(home: Path, taken: Taken, content: bytes) -> None:
    keep(home, 1)
    (home / "spool" / "0000000000000000-1-torn.9.json").write_bytes(content)
    assert await Spool(home, taken).deliver()
    assert taken.numbers == [1]
    assert len(list((home / "spool" / "failed").iterdir())) == 1


async def test_a_server_that_is_killed_after_taking_an_event_delivers_it_again_under_its_id(
    home: Path, taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(home, 1)
    with monkeypatch.context() as killed:
        killed.setattr(spool, "remove", lambda place, name: None)
        await Spool(home, taken).deliver()
    await Spool(home, taken).deliver()
    assert len({envelope["event_id"] for _, _, envelope in taken.seen}) == 1
    assert waiting(home) == []


async def test_a_start_gives_the_spool_so_much_time_and_no_more(home: Path, taken: Taken) -> None:
    for n in range(3):
        keep(home, n)
    assert await Spool(home, taken).deliver(within=0)
    assert taken.numbers == [0]


async def test_what_comes_while_it_runs_is_delivered(home: Path, taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PAUSE", 0.01)
    async with running(Spool(home, taken)):
        for n in range(3):
            keep(home, n)
            async with asyncio.timeout(10):
                while n not in taken.numbers:  # noqa: ASYNC110 - what is waited for is seen from outside
                    await asyncio.sleep(0.005)
    assert taken.numbers == [0, 1, 2]


async def test_a_live_event_lets_earlier_ones_go_first(home: Path, taken: Taken) -> None:
    box = Spool(home, taken)
    async with running(box):
        await asyncio.sleep(0)
        keep(home, 1)
        await box.caught_up(5)
        assert taken.numbers == [1]
        began = time.monotonic()
        await box.caught_up(5)
        assert time.monotonic() - began < 1


async def test_a_live_event_does_not_wait_for_one_that_cannot_be_delivered(home: Path, taken: Taken) -> None:
    keep(home, 1)
    taken.failures[1] = [StoreBusy("held")] * 100
    box = Spool(home, taken)
    async with running(box):
        await box.caught_up(0.05)
    assert waiting(home)


async def test_what_a_hook_left_half_written_is_removed_in_time(home: Path, taken: Taken) -> None:
    keep(home, 1)
    old, new = (home / "spool" / name for name in ("old.part", "new.part"))
    for draft in (old, new):
        draft.write_text("{")
    os.utime(old, (1, 1))
    async with running(Spool(home, taken)):
        await asyncio.sleep(0)
    assert (old.exists(), new.exists()) == (False, True)


def test_when_there_are_too_many_the_oldest_go_and_are_counted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_EVENTS", 5)
    for n in range(8):
        keep(home, n)
    assert [int(name.partition("-")[0], 16) for name in waiting(home)] == [3, 4, 5, 6, 7]
    assert spool.dropped(spool.folder(str(home))) == 3


def test_when_they_are_too_large_the_oldest_go_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(home, 0)
    [name] = waiting(home)
    assert spool.size_of(name) == (home / "spool" / name).stat().st_size
    monkeypatch.setattr(spool, "MOST_BYTES", 3 * spool.size_of(name) + 10)
    for n in range(1, 9):
        keep(home, n)
    assert [int(name.partition("-")[0], 16) for name in waiting(home)] == [6, 7, 8]
    assert spool.dropped(spool.folder(str(home))) == 6


def test_events_set_aside_are_bounded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_FAILED", 2)
    place = spool.folder(str(home))
    for n in range(4):
        keep(home, n)
        spool.set_aside(place, waiting(home)[0])
    assert [int(name.partition("-")[0], 16) for name in spool.pending(str(Path(place, spool.FAILED)))] == [2, 3]
