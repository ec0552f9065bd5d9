"""What every Queue must do."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from recollect.models import JobState, Task
from recollect.testing.backend import Backend


def tasks(count: int, name: str = "embed") -> list[Task]:
    """Return numbered tasks."""
    return [Task(name, {"number": number, "text": "猫 'quoted'"}) for number in range(count)]


class QueueContract:
    """Jobs are claimed once, in order, given back when they fail or their worker is gone, and removed when done."""

    async def test_jobs_are_claimed_in_the_order_they_came(self, backend: Backend) -> None:
        await backend.queue.push(tasks(5))
        claimed = await backend.queue.claim("w1", limit=3, lease=60)
        assert [job.payload["number"] for job in claimed] == [0, 1, 2]
        assert {(job.name, job.state, job.attempts) for job in claimed} == {("embed", JobState.CLAIMED, 1)}
        assert claimed[0].payload["text"] == "猫 'quoted'"
        assert claimed[0].created_at == backend.clock.now()

    async def test_a_claimed_job_is_nobody_elses(self, backend: Backend) -> None:
        await backend.queue.push(tasks(3))
        mine = await backend.queue.claim("w1", limit=2, lease=60)
        other = await backend.queue.claim("w2", limit=9, lease=60)
        assert [job.payload["number"] for job in [*mine, *other]] == [0, 1, 2]
        assert await backend.queue.claim("w3", limit=9, lease=60) == []
        assert await backend.queue.claim("w1", limit=9, lease=60) == []

    async def test_jobs_of_some_names_are_left_alone(self, backend: Backend) -> None:
        await backend.queue.push([*tasks(2, "embed"), *tasks(2, "derive"), *tasks(1, "scrub")])
        some = await backend.queue.claim("w1", limit=9, lease=60, besides=["embed", "scrub"])
        assert [job.name for job in some] == ["derive", "derive"]
        assert [job.name for job in await backend.queue.claim("w2", limit=9, lease=60)] == ["embed", "embed", "scrub"]

    async def test_no_job_goes_to_two_workers_that_claim_at_the_same_time(self, backend: Backend) -> None:
        await backend.queue.push(tasks(40))
        rounds = await asyncio.gather(*(backend.queue.claim(f"w{number}", limit=5, lease=60) for number in range(8)))
        claimed = [job.id for jobs in rounds for job in jobs]
        assert len(claimed) == len(set(claimed)) == 40

    async def test_an_empty_queue_gives_nothing(self, backend: Backend) -> None:
        assert await backend.queue.claim("w1", limit=5, lease=60) == []
        assert await backend.queue.waiting() == 0
        await backend.queue.push([])
        await backend.queue.finish([])
        assert await backend.queue.jobs() == []

    async def test_a_job_whose_lease_ran_out_is_claimed_again(self, backend: Backend) -> None:
        await backend.queue.push(tasks(1))
        await backend.queue.claim("w1", limit=1, lease=60)
        backend.clock.forward(59)
        assert await backend.queue.claim("w2", limit=1, lease=60) == []
        backend.clock.forward(1)
        again = await backend.queue.claim("w2", limit=1, lease=60)
        assert [job.attempts for job in again] == [2]
        assert await backend.queue.workers() == ["w2"]

    async def test_extending_keeps_the_claims_of_one_worker_only(self, backend: Backend) -> None:
        await backend.queue.push(tasks(2))
        await backend.queue.claim("w1", limit=1, lease=60)
        await backend.queue.claim("w2", limit=1, lease=60)
        backend.clock.forward(50)
        await backend.queue.extend("w1", lease=60)
        backend.clock.forward(20)
        assert [job.payload["number"] for job in await backend.queue.claim("w3", limit=9, lease=60)] == [1]

    async def test_released_jobs_are_ready_at_once(self, backend: Backend) -> None:
        await backend.queue.push(tasks(3))
        await backend.queue.claim("w1", limit=2, lease=60)
        assert await backend.queue.workers() == ["w1"]
        assert await backend.queue.release("w1") == 2
        assert await backend.queue.release("w1") == 0
        assert await backend.queue.workers() == []
        assert len(await backend.queue.claim("w2", limit=9, lease=60)) == 3

    async def test_finished_jobs_are_gone_and_finishing_twice_does_nothing(self, backend: Backend) -> None:
        await backend.queue.push(tasks(2))
        one, other = await backend.queue.claim("w1", limit=2, lease=60)
        await backend.queue.finish([one.id])
        await backend.queue.finish([one.id])
        assert [job.id for job in await backend.queue.jobs()] == [other.id]
        assert await backend.queue.waiting() == 1

    async def test_a_failed_job_comes_back_after_its_time(self, backend: Backend) -> None:
        await backend.queue.push(tasks(1))
        (job,) = await backend.queue.claim("w1", limit=1, lease=60)
        await backend.queue.fail(job.id, "no route", retry_in=10)
        assert await backend.queue.waiting() == 1
        backend.clock.forward(9)
        assert await backend.queue.claim("w1", limit=1, lease=60) == []
        backend.clock.forward(1)
        (again,) = await backend.queue.claim("w1", limit=1, lease=60)
        assert (again.id, again.attempts, again.error) == (job.id, 2, "no route")
        assert again.run_at - again.created_at == timedelta(seconds=10)

    async def test_a_parked_job_waits_for_a_retry(self, backend: Backend) -> None:
        await backend.queue.push([*tasks(1), *tasks(1, "derive")])
        one, other = await backend.queue.claim("w1", limit=2, lease=60)
        await backend.queue.fail(other.id, "no weights", retry_in=None)
        backend.clock.forward(10_000)
        assert [job.id for job in await backend.queue.claim("w2", limit=9, lease=60)] == [one.id]
        assert await backend.queue.waiting() == 1
        assert await backend.queue.parked("embed") == []
        (parked,) = await backend.queue.parked("derive")
        assert (parked.state, parked.error) == (JobState.PARKED, "no weights")

    async def test_jobs_are_counted_by_name_and_state(self, backend: Backend) -> None:
        assert await backend.queue.count() == {}
        await backend.queue.push([*tasks(3), *tasks(1, "derive")])
        claimed = await backend.queue.claim("w1", limit=2, lease=60)
        await backend.queue.fail(claimed[0].id, "x", retry_in=None)
        assert await backend.queue.count() == {
            ("derive", JobState.READY): 1,
            ("embed", JobState.CLAIMED): 1,
            ("embed", JobState.PARKED): 1,
            ("embed", JobState.READY): 1,
        }

    async def test_parked_jobs_are_listed_first_then_in_order(self, backend: Backend) -> None:
        await backend.queue.push(tasks(4))
        claimed = await backend.queue.claim("w1", limit=3, lease=60)
        await backend.queue.fail(claimed[2].id, "x", retry_in=None)
        assert [job.payload["number"] for job in await backend.queue.jobs()] == [2, 0, 1, 3]
        assert [job.payload["number"] for job in await backend.queue.jobs(limit=2)] == [2, 0]

    async def test_a_retry_makes_parked_jobs_new_again(self, backend: Backend) -> None:
        await backend.queue.push(tasks(3))
        jobs = await backend.queue.claim("w1", limit=3, lease=60)
        for job in jobs:
            await backend.queue.fail(job.id, "x", retry_in=None)
        assert await backend.queue.retry([jobs[1].id]) == 1
        assert await backend.queue.retry([jobs[1].id]) == 0
        (again,) = await backend.queue.claim("w1", limit=9, lease=60)
        assert (again.id, again.attempts, again.error) == (jobs[1].id, 1, None)
        assert await backend.queue.retry() == 2
        assert len(await backend.queue.claim("w1", limit=9, lease=60)) == 2

    async def test_one_owner_with_many_jobs_does_not_starve_another_with_one(self, backend: Backend) -> None:
        await backend.queue.push(owned("alice", 500))
        first = await backend.queue.claim("w1", limit=50, lease=60)
        await backend.queue.push(owned("bo", 1))
        claimed = await backend.queue.claim("w1", limit=50, lease=60)
        assert len(first) == len(claimed) == 50, "who waits alone gets all"
        assert [job.payload for job in claimed].count({"who": "bo", "number": 0}) == 1

    async def test_owners_who_wait_share_alike_and_each_in_order(self, backend: Backend) -> None:
        await backend.queue.push(owned("alice", 300))
        await backend.queue.finish([job.id for job in await backend.queue.claim("w1", limit=100, lease=60)])
        await backend.queue.push([*owned("bo", 200), *owned("chen", 200), *tasks(200)])
        got: dict[str, list[int]] = {}
        for _ in range(4):
            for job in await backend.queue.claim("w1", limit=40, lease=60):
                got.setdefault(job.payload.get("who", ""), []).append(job.payload["number"])
        assert got.keys() == {"alice", "bo", "chen", ""}
        assert all(38 <= len(numbers) <= 42 for numbers in got.values())
        assert all(numbers == list(range(numbers[0], numbers[0] + len(numbers))) for numbers in got.values())

    async def test_a_share_is_counted_in_memories(self, backend: Backend) -> None:
        await backend.queue.push([Task("embed", {"ids": ["x"] * 10}, ("alice", "p")) for _ in range(20)])
        await backend.queue.push(owned("bo", 100))
        claimed = await backend.queue.claim("w1", limit=22, lease=60)
        assert sum("who" in job.payload for job in claimed) >= 18

    async def test_what_failed_or_was_parked_does_not_go_before_others(self, backend: Backend) -> None:
        await backend.queue.push(owned("alice", 40))
        claimed = await backend.queue.claim("w1", limit=40, lease=60)
        for job in claimed:
            await backend.queue.fail(job.id, "x", retry_in=None if job.payload["number"] % 2 else 1)
        backend.clock.forward(2)
        assert await backend.queue.retry() == 20
        await backend.queue.push(owned("bo", 20))
        mixed = await backend.queue.claim("w1", limit=20, lease=60)
        assert 5 <= sum(job.payload["who"] == "bo" for job in mixed) <= 15

    async def test_a_worker_that_lost_a_job_cannot_put_it_back(self, backend: Backend) -> None:
        await backend.queue.push(tasks(1))
        (job,) = await backend.queue.claim("w1", limit=1, lease=60)
        backend.clock.forward(61)
        assert len(await backend.queue.claim("w2", limit=1, lease=60)) == 1
        await backend.queue.fail(job.id, "x", retry_in=0, worker="w1")
        assert await backend.queue.workers() == ["w2"]
        await backend.queue.fail(job.id, "x", retry_in=0, worker="w2")
        assert await backend.queue.workers() == []


def owned(user: str, count: int) -> list[Task]:
    """Return numbered tasks of a user's."""
    return [Task("embed", {"who": user, "number": number}, (user, "default")) for number in range(count)]
