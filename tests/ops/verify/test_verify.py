"""`verify` over a store in this process, over a server, and over stores that are not as they should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from recollect import Memory
from recollect.errors import ProviderFailed
from recollect.models import Context, Hit
from recollect.ops.check import Status
from recollect.ops.verify import Limits, Verified, verify
from recollect.ops.verify.load import latency
from recollect.ops.verify.run import BEFORE
from recollect.ops.verify.step import Trial, Wrong

WELL: Mapping[str, Any] = {"status": "healthy", "components": {"store": {"status": "healthy"}}}
LIMITS = Limits(slow=60_000, too_slow=120_000, patience=0)


@pytest.fixture
def memory(home: Path) -> Iterator[Memory]:
    with Memory(home, settings={"embedder": {"provider": "none"}}) as opened:
        yield opened


def outcomes(found: list[Verified]) -> dict[str, Status]:
    return {one.check.name: one.check.status for one in found}


def left(memory: Memory) -> int:
    return sum(
        len(memory.list(project_id=name, limit=1).memories)
        for name in memory.readable_projects()
        if name.startswith("recollect-verify")
    )


def test_a_store_that_works_passes_and_is_left_as_it_was(memory: Memory) -> None:
    kept = memory.add("Alice prefers tabs", user_id="alice")
    found = list(verify(memory, lambda: WELL, limits=LIMITS))
    told = outcomes(found)
    assert told.pop("retrieve") is Status.WARN, "there is no embedder here"
    assert set(told.values()) == {Status.OK}, [one.check for one in found]
    assert len(told) == 10
    assert all(one.check.remedy or one.check.status is Status.OK for one in found)
    assert memory.get(kept.id).text == "Alice prefers tabs"
    assert left(memory) == 0


def test_what_was_written_is_removed_when_the_listener_stops(memory: Memory) -> None:
    steps = verify(memory, lambda: WELL, limits=LIMITS)
    assert [next(steps).check.name for _ in range(3)][-1] == "retrieve"
    assert left(memory) > 0
    steps.close()
    assert left(memory) == 0


def test_answers_that_take_too_long_fail(memory: Memory) -> None:
    found = {one.check.name: one.check for one in verify(memory, lambda: WELL, limits=Limits(0.0001, 0.0002, 0))}
    assert found["latency"].status is Status.FAIL
    with pytest.raises(Wrong) as slow:
        latency(Trial(memory, lambda: WELL, None), 0.0001, 1e9)
    assert (slow.value.status, bool(slow.value.remedy)) == (Status.WARN, True)


def test_nothing_is_tried_where_nobody_answers(memory: Memory) -> None:
    def unreachable() -> Mapping[str, Any]:
        raise ProviderFailed("nobody is there", hint="Start it.")

    assert outcomes(list(verify(memory, unreachable))) == {"health": Status.FAIL}
    ill = {"status": "unhealthy", "components": {"disk": {"status": "unhealthy"}}}
    (only,) = verify(memory, lambda: ill)
    assert "disk" in only.check.detail
    assert "health" in BEFORE


class Leaky(Memory):
    """A store whose projects are not apart, whose contexts are too long, and which finds what was deleted."""

    fault = ""

    def search(self, query: str, **given: Any) -> list[Hit]:
        if self.fault == "across":
            given.pop("project_id", None)
        if self.fault == "empty":
            return []
        return Memory.search(self, query, **{"user_id": "default", **given})

    def context(self, query: str, **given: Any) -> Context:
        if self.fault == "compress":
            given["budget"] = 4000
        return Memory.context(self, query, **given)

    def delete(self, memory_id: str) -> None:
        if self.fault != "consistency":
            Memory.delete(self, memory_id)


@pytest.mark.parametrize("fault", ["across", "compress", "consistency", "empty"])
def test_each_step_can_fail(home: Path, fault: str) -> None:
    with Leaky(home, settings={"embedder": {"provider": "none"}}) as leaky:
        leaky.fault = fault
        told = outcomes(list(verify(leaky, lambda: WELL, limits=LIMITS, quick=True)))
    assert told["retrieve" if fault == "empty" else fault] is Status.FAIL
    assert told["removal"] is Status.OK


def test_a_server_that_asks_for_no_token_is_told(memory: Memory) -> None:
    told = outcomes(list(verify(memory, lambda: WELL, stranger=memory, limits=LIMITS, quick=True)))
    assert told["access"] is Status.WARN
