"""Jobs are run in batches, repeated when they fail, parked when that does not help, and never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from pathlib import Path

import pytest

from recollect.errors import Conflict, EmbedderMissing, IndexAway, ProviderFailed, StoreBusy, StoreFull
from recollect.models import Job, JobState, Task
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.queue import SqlQueue
from recollect.testing.clock import FakeClock
from recollect.worker.worker import Pace, Worker


class Handler:
    """Notes what it was given; raises `error` on the payload numbers in `bad`."""

    def __init__(self, error: Exception | None = None, bad: Callable[[int], bool] = lambda _: True) -> None:
        self.error, self.bad = error, bad
        self.batches: list[list[int]] = []

    async def __call__(self, jobs: Sequence[Job]) -> None:
        """Do a batch."""
        numbers = [job.payload["n"] for job in jobs]
        self.batches.append(numbers)
        await asyncio.sleep(0)
        if self.error is not None and any(map(self.bad, numbers)):
            raise self.error


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def queue(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqlQueue]:
    database = Database(tmp_path / "r.db")
    upgrade(database)
    yield SqlQueue(database, clock)
    await database.close()


async def push(queue: SqlQueue, count: int, name: str = "embed") -> None:
    await queue.push([Task(name, {"n": number}) for number in range(count)])


async def test_jobs_of_one_name_are_done_in_batches_and_removed(queue: SqlQueue) -> None:
    embed, derive = Handler(), Handler()
    await push(queue, 100)
    await push(queue, 2, "derive")
    await Worker("w", queue, {"embed": embed, "derive": derive}, Pace()).drain()
    assert [number for batch in embed.batches for number in batch] == list(range(100))
    assert len(embed.batches) <= 3
    assert derive.batches == [[0, 1]]
    assert await queue.jobs() == []


async def test_one_bad_job_does_not_keep_the_others_from_being_done(queue: SqlQueue) -> None:
    handler = Handler(ValueError("bad"), lambda number: number == 3)
    await push(queue, 6)
    worker = Worker("w", queue, {"embed": handler}, Pace(attempts=1))
    await worker.drain()
    (left,) = await queue.jobs()
    assert (left.payload["n"], left.state, left.error) == (3, JobState.PARKED, "ValueError: bad")


@pytest.mark.parametrize("error", [ValueError("x"), ProviderFailed("x"), Conflict("x"), StoreFull("x")])
async def test_what_may_pass_is_tried_again_later_and_parked_in_the_end(
    queue: SqlQueue, clock: FakeClock, error: Exception
) -> None:
    handler = Handler(error)
    await push(queue, 1)
    worker = Worker("w", queue, {"embed": handler}, Pace(attempts=3))
    for done in (1, 2, 3):
        assert await worker.once() == 1
        assert len(handler.batches) == done
        assert await worker.once() == 0
        clock.forward(2.0**done)
    (left,) = await queue.jobs()
    assert (left.state, left.attempts) == (JobState.PARKED, 3)


@pytest.mark.parametrize("error", [StoreBusy("Redis does not answer"), IndexAway("x")])
async def test_a_job_outlasts_a_server_that_is_away_and_is_done_soon_after(
    queue: SqlQueue, clock: FakeClock, error: Exception
) -> None:
    handler = Handler(error)
    await push(queue, 1)
    worker = Worker("w", queue, {"embed": handler}, Pace(attempts=3))
    for _ in range(20):
        assert await worker.once() == 1
        clock.forward(32)
    handler.error = None
    assert await worker.once() == 1
    assert await queue.jobs() == []


async def test_a_job_that_succeeds_in_the_end_is_gone(queue: SqlQueue, clock: FakeClock) -> None:
    handler = Handler(ProviderFailed("no route"))
    await push(queue, 1)
    worker = Worker("w", queue, {"embed": handler}, Pace())
    await worker.once()
    handler.error = None
    clock.forward(2)
    await worker.once()
    assert await queue.jobs() == []


async def test_what_cannot_pass_is_parked_at_once(queue: SqlQueue) -> None:
    await push(queue, 2)
    await push(queue, 1, "unheard-of")
    await Worker("w", queue, {"embed": Handler(EmbedderMissing("no weights"))}, Pace()).drain()
    assert [(job.state, job.attempts) for job in await queue.jobs()] == [(JobState.PARKED, 1)] * 3
    assert "Nothing here can do" in str((await queue.parked("unheard-of"))[0].error)


async def test_two_workers_never_do_one_job_twice(queue: SqlQueue) -> None:
    handlers = [Handler(), Handler(), Handler()]
    workers = [Worker(f"w{number}", queue, {"embed": one}, Pace()) for number, one in enumerate(handlers)]
    for _ in range(5):
        await push(queue, 60)
        await asyncio.gather(*(worker.drain() for worker in workers))
    done = [number for one in handlers for batch in one.batches for number in batch]
    assert sorted(done) == sorted(list(range(60)) * 5)


async def test_a_worker_in_the_background_sees_new_jobs_when_it_is_woken(queue: SqlQueue) -> None:
    handler = Handler()
    worker = Worker("w", queue, {"embed": handler}, Pace(poll=1000))
    worker.start()
    worker.start()
    await push(queue, 3)
    worker.wake()
    await asyncio.wait_for(worker.drain(), 10)
    assert handler.batches == [[0, 1, 2]]
    await worker.stop()
    await worker.stop()


async def test_jobs_pile_up_while_their_lane_is_busy_and_others_go_on(queue: SqlQueue) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    batches: list[list[int]] = []

    async def slow(jobs: Sequence[Job]) -> None:
        batches.append([job.payload["n"] for job in jobs])
        begun.set()
        await go_on.wait()

    derive, derived = Handler(), asyncio.Event()

    async def quick(jobs: Sequence[Job]) -> None:
        await derive(jobs)
        derived.set()

    worker = Worker("w", queue, {"embed": slow, "derive": quick}, Pace(poll=0.01))
    await push(queue, 1)
    worker.start()
    await asyncio.wait_for(begun.wait(), 10)
    await push(queue, 3)
    await push(queue, 2, "derive")
    worker.wake()
    async with asyncio.timeout(10):
        await derived.wait()
        assert batches == [[0]]
        go_on.set()
        await worker.drain()
    assert batches == [[0], [0, 1, 2]]
    assert derive.batches == [[0, 1]]
    await worker.stop()


async def test_a_lane_may_be_wide(queue: SqlQueue) -> None:
    both, one = asyncio.Barrier(2), asyncio.Event()

    async def meeting(jobs: Sequence[Job]) -> None:
        one.set()
        await both.wait()

    worker = Worker("w", queue, {"embed": meeting}, Pace(), {"embed": 2})
    worker.start()
    await push(queue, 1)
    worker.wake()
    async with asyncio.timeout(10):
        await one.wait()
        await push(queue, 1)
        await worker.drain()
    await worker.stop()


async def test_a_worker_that_stops_gives_its_jobs_back(queue: SqlQueue) -> None:
    begun, never = asyncio.Event(), asyncio.Event()

    async def slow(jobs: Sequence[Job]) -> None:
        begun.set()
        await never.wait()

    await push(queue, 3)
    worker = Worker("w", queue, {"embed": slow}, Pace())
    worker.start()
    await asyncio.wait_for(begun.wait(), 10)
    await worker.stop()
    assert {job.state for job in await queue.jobs()} == {JobState.READY}
    handler = Handler()
    await asyncio.wait_for(Worker("other", queue, {"embed": handler}, Pace()).drain(), 10)
    assert handler.batches == [[0, 1, 2]]


async def test_a_long_batch_keeps_its_claims(queue: SqlQueue, clock: FakeClock) -> None:
    extended = asyncio.Event()

    class Told(SqlQueue):
        async def extend(self, worker: str, *, lease: float) -> None:
            await super().extend(worker, lease=60)
            extended.set()

    async def slow(jobs: Sequence[Job]) -> None:
        clock.forward(0.05)
        await extended.wait()
        clock.forward(50)
        assert await queue.claim("thief", limit=9, lease=60) == []

    await push(queue, 1)
    told = Told(queue._database, clock)
    assert await asyncio.wait_for(Worker("w", told, {"embed": slow}, Pace(lease=0.1)).once(), 10) == 1
    assert await queue.jobs() == []


async def test_a_queue_out_of_reach_does_not_end_the_worker(queue: SqlQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = Handler()
    worker = Worker("w", queue, {"embed": handler}, Pace(poll=0.01))
    real, failures = queue.claim, [StoreFull("full"), StoreFull("full")]

    async def claim(name: str, *, limit: int, lease: float, besides: Collection[str] = ()) -> list[Job]:
        if failures:
            raise failures.pop()
        return await real(name, limit=limit, lease=lease, besides=besides)

    monkeypatch.setattr(queue, "claim", claim)
    await push(queue, 1)
    worker.start()
    await asyncio.wait_for(worker.drain(), 10)
    assert handler.batches == [[0]]
    await worker.stop()


async def test_a_worker_that_is_to_leave_finishes_what_it_has_begun_and_claims_nothing_more(queue: SqlQueue) -> None:
    begun, go_on, done = asyncio.Event(), asyncio.Event(), []

    async def slow(jobs: Sequence[Job]) -> None:
        begun.set()
        await go_on.wait()
        done.append(len(jobs))

    await push(queue, 2)
    worker = Worker("w", queue, {"embed": slow, "derive": slow}, Pace(poll=60))
    worker.start()
    await asyncio.wait_for(begun.wait(), 10)
    await asyncio.sleep(0.2)  # it has looked once more and waits
    leaving = asyncio.create_task(worker.finish(60))
    await asyncio.sleep(0)
    await push(queue, 3, "derive")
    go_on.set()
    await asyncio.wait_for(leaving, 30)
    assert done == [2]
    assert not worker.running
    assert {job.name for job in await queue.jobs()} == {"derive"}


async def test_what_does_not_end_in_time_is_left_to_others(queue: SqlQueue) -> None:
    begun = asyncio.Event()

    async def endless(_: Sequence[Job]) -> None:
        begun.set()
        await asyncio.Event().wait()

    await push(queue, 2)
    worker = Worker("w", queue, {"embed": endless}, Pace())
    worker.start()
    await asyncio.wait_for(begun.wait(), 10)
    await asyncio.wait_for(worker.finish(0.05), 30)
    assert [job.state for job in await queue.jobs()] == [JobState.READY] * 2


class Held(Handler):
    """A handler whose batches wait until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def __call__(self, jobs: Sequence[Job]) -> None:
        """Do a batch when it is let go."""
        self.begun.set()
        await self.go.wait()
        await super().__call__(jobs)


async def test_patient_jobs_wait_until_no_other_is_left_or_under_way(queue: SqlQueue) -> None:
    embed, derive = Held(), Handler()
    await push(queue, 1, "derive")
    await push(queue, 1)
    worker = Worker("w", queue, {"embed": embed, "derive": derive}, Pace(poll=0.01), patient=["derive"])
    worker.start()
    await embed.begun.wait()
    await asyncio.sleep(0.1)
    assert derive.batches == []
    embed.go.set()
    await worker.drain()
    assert (embed.batches, derive.batches) == ([[0]], [[0]])
    await worker.stop()


async def test_patient_jobs_do_not_wait_forever(queue: SqlQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recollect.worker.worker.PATIENCE", 0.05)
    embed, derive = Held(), Held()
    await push(queue, 1, "derive")
    await push(queue, 1)
    worker = Worker("w", queue, {"embed": embed, "derive": derive}, Pace(poll=0.01), patient=["derive"])
    worker.start()
    await embed.begun.wait()
    await asyncio.wait_for(derive.begun.wait(), 30)
    for held in (embed, derive):
        held.go.set()
    await worker.drain()
    await worker.stop()
