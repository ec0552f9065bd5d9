"""Tokens that open nothing are noted, and nobody fills the log by showing many."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.api.guarded import BEARER, asking, guarded

from recollect.api.guard import refusals
from recollect.api.guard.refusals import MOST, OTHERS, Refusals
from recollect.errors import StoreBusy
from recollect.models import AuditFilter, Decision, Deed


class Log:
    """Hears deeds; `busy` makes it fail."""

    def __init__(self) -> None:
        self.deeds: list[tuple[str, int]] = []
        self.busy = False
        self.second = asyncio.Event()

    async def note(self, deed: Deed) -> None:
        if self.busy:
            raise StoreBusy("busy")
        assert (deed.action, deed.decision) == ("authenticate", Decision.FAILED)
        self.deeds.append((deed.origin, deed.times))
        if len(self.deeds) == 2:
            self.second.set()


async def settled(counting: Refusals) -> None:
    while counting._writing:
        await asyncio.gather(*counting._writing)


async def test_the_first_from_a_place_is_noted_at_once_and_the_others_together_later() -> None:
    log = Log()
    counting = Refusals(log.note, window=3600)
    for place in ("a", "b", "a", "a"):
        counting.refused(place)
    await settled(counting)
    assert log.deeds == [("a", 1), ("b", 1)]
    counting._ended()
    await settled(counting)
    assert log.deeds[2:] == [("a", 2)]
    counting.refused("a")
    await settled(counting)
    assert log.deeds[3:] == [("a", 1)]


async def test_however_many_try_few_entries_are_written_and_none_is_uncounted() -> None:
    log = Log()
    counting = Refusals(log.note, window=3600)
    for number in range(5000):
        counting.refused(f"10.0.{number % 256}.{number // 256}")
    counting._ended()
    await settled(counting)
    assert len(log.deeds) <= 2 * MOST + 2
    assert sum(times for _, times in log.deeds) == 5000
    assert any(place == OTHERS for place, _ in log.deeds)


async def test_a_log_that_cannot_be_written_lets_nobody_in_and_fails_nobody() -> None:
    log = Log()
    log.busy = True
    counting = Refusals(log.note, window=3600)
    counting.refused("a")
    await settled(counting)
    log.busy = False
    counting.refused("b")
    await settled(counting)
    assert log.deeds == [("b", 1)]


async def test_the_minute_ends_by_itself() -> None:
    log = Log()
    counting = Refusals(log.note, window=0.01)
    counting.refused("a")
    counting.refused("a")
    await asyncio.wait_for(log.second.wait(), 30)
    assert log.deeds == [("a", 1), ("a", 1)]


async def test_a_wrong_token_is_in_the_log_and_the_right_one_is_not(home: Path) -> None:
    async with guarded(home) as app, asking(app) as client:
        await client.get("/api/jobs", headers=BEARER)
        for _ in range(3):
            answer = await client.get("/api/jobs", headers={"Authorization": "Bearer wrong-secret"})
            assert answer.status_code == 401
        await client.get("/api/jobs")  # shows none, and so tries none
        await settled(refusals.refusals_of(app))
        found = await app.state.memory.app.audit.entries(AuditFilter(action="authenticate"), limit=9)
        assert [(entry.deed.decision, entry.deed.times) for entry in found] == [(Decision.FAILED, 1)]
        assert found[0].deed.origin
        assert "wrong-secret" not in repr(found)


async def test_what_was_counted_is_noted_when_the_server_stops() -> None:
    log = Log()
    counting = Refusals(log.note, window=3600)
    for _ in range(5):
        counting.refused("a")
    await counting.close()
    assert log.deeds == [("a", 1), ("a", 4)]
    await counting.close()
    assert len(log.deeds) == 2


async def test_a_wrong_token_of_a_node_is_in_the_log_too(home: Path) -> None:
    async with guarded(home) as app, asking(app) as client:
        for _ in range(3):
            answer = await client.get(
                "/api/sync/changes", headers={"Authorization": "Bearer node_wrong", "X-Recollect-Store": "s"}
            )
            assert answer.status_code == 403
        await refusals.note_refusals(app)
        found = await app.state.memory.app.audit.entries(AuditFilter(action="authenticate"), limit=9, newest=False)
        assert [(entry.deed.decision, entry.deed.times) for entry in found] == [
            (Decision.FAILED, 1),
            (Decision.FAILED, 2),
        ]
        assert "node_wrong" not in repr(found)
