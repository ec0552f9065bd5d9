"""The queue: jobs are rows, claimed in the order they came."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from recollect.models import Job, JobState, Task
from recollect.ports import Clock
from recollect.stores.sql.database import Database
from recollect.stores.sql.row import micros, moment
from recollect.stores.sql.schema import job
from recollect.stores.sql.write import push_jobs, some

# Built once: building a statement costs as much as running it.
_IDS: sa.BindParameter[list[int]] = sa.bindparam("ids", expanding=True)
_NOW = sa.bindparam("now", type_=sa.BigInteger)
_READY = (
    sa.select(job)
    .where(
        sa.or_(
            sa.and_(job.c.state == JobState.READY, job.c.run_at <= _NOW),
            sa.and_(job.c.state == JobState.CLAIMED, job.c.leased_until <= _NOW),
        ),
        job.c.name.not_in(sa.bindparam("besides", expanding=True)),
    )
    .order_by(job.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_FREE = _READY.with_for_update(skip_locked=True)
"""What nobody else is claiming this very moment; in SQLite, where only one writes at a time, the same."""
_TAKE = (
    sa.update(job)
    .where(job.c.id.in_(_IDS))
    .values(
        state=JobState.CLAIMED,
        worker=sa.bindparam("by"),
        leased_until=sa.bindparam("until"),
        attempts=job.c.attempts + 1,
    )
)
_DONE = sa.delete(job).where(job.c.id.in_(_IDS))


class SqlQueue:
    """The Queue port over one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def _now(self) -> int:
        return micros(self._clock.now())

    async def claim(self, worker: str, *, limit: int, lease: float, besides: Collection[str] = ()) -> list[Job]:
        """Claim the oldest ready jobs, and those whose lease ran out. Asks before it takes the writer's lock."""
        now = self._now()
        asked = {"now": now, "besides": sorted(besides), "most": limit}

        def work(connection: sa.Connection) -> list[Job]:
            rows = connection.execute(_FREE, asked).mappings().all()
            taken = {"state": JobState.CLAIMED, "worker": worker, "leased_until": now + int(lease * 1_000_000)}
            if rows:
                until = {"until": taken["leased_until"], "by": worker}
                connection.execute(_TAKE, {"ids": [row["id"] for row in rows], **until})
            return [_job({**row, **taken, "attempts": row["attempts"] + 1}) for row in rows]

        def waiting(connection: sa.Connection) -> bool:
            return connection.execute(_READY, {**asked, "most": 1}).first() is not None

        if not await self._database.read(waiting):
            return []
        return await self._database.write(work, durable=False)

    async def extend(self, worker: str, *, lease: float) -> None:
        """Let a worker keep its claims."""
        mine = sa.and_(job.c.state == JobState.CLAIMED, job.c.worker == worker)
        update = sa.update(job).where(mine).values(leased_until=self._now() + int(lease * 1_000_000))
        await self._database.write(lambda connection: connection.execute(update), durable=False)

    async def workers(self) -> list[str]:
        """Return who holds claims."""
        query = sa.select(job.c.worker).where(job.c.state == JobState.CLAIMED).distinct()
        return await self._database.read(lambda connection: list(connection.execute(query).scalars()))

    async def release(self, worker: str) -> int:
        """Take a worker's claims back."""
        mine = sa.and_(job.c.state == JobState.CLAIMED, job.c.worker == worker)
        update = sa.update(job).where(mine).values(state=JobState.READY, worker=None, leased_until=0)
        return await self._database.write(lambda connection: connection.execute(update).rowcount)

    async def finish(self, ids: Sequence[int]) -> None:
        """Remove jobs that are done."""

        def work(connection: sa.Connection) -> None:
            for part in some(list(ids)):
                connection.execute(_DONE, {"ids": part})

        if ids:
            await self._database.write(work, durable=False)

    async def fail(self, job_id: int, error: str, *, retry_in: float | None) -> None:
        """Put a job back for later, or park it."""
        values: dict[str, Any] = {"error": error, "worker": None, "leased_until": 0}
        if retry_in is None:
            values["state"] = JobState.PARKED
        else:
            values |= {"state": JobState.READY, "run_at": self._now() + int(retry_in * 1_000_000)}
        await self._database.write(
            lambda connection: connection.execute(sa.update(job).where(job.c.id == job_id).values(**values))
        )

    async def push(self, tasks: Sequence[Task]) -> None:
        """Add jobs of their own."""
        await self._database.write(lambda connection: push_jobs(connection, tasks, self._now()))

    async def waiting(self) -> int:
        """Count jobs that are neither done nor parked."""
        query = sa.select(sa.func.count()).select_from(job).where(job.c.state != JobState.PARKED)
        return await self._database.read(lambda connection: int(connection.execute(query).scalar_one()))

    async def count(self) -> dict[tuple[str, JobState], int]:
        """Count jobs by name and state."""
        query = sa.select(job.c.name, job.c.state, sa.func.count()).group_by(job.c.name, job.c.state)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {(name, JobState(state)): int(number) for name, state, number in rows}

    async def jobs(self, *, limit: int = 100) -> list[Job]:
        """Return jobs, parked ones first."""
        query = sa.select(job).order_by((job.c.state != JobState.PARKED), job.c.id).limit(limit)
        return await self._database.read(lambda connection: [_job(row) for row in connection.execute(query).mappings()])

    async def parked(self, name: str) -> list[Job]:
        """Return the parked jobs of a name."""
        query = sa.select(job).where(job.c.state == JobState.PARKED, job.c.name == name).order_by(job.c.id)
        return await self._database.read(lambda connection: [_job(row) for row in connection.execute(query).mappings()])

    async def retry(self, ids: Sequence[int] | None = None) -> int:
        """Make parked jobs ready again."""
        update = sa.update(job).where(job.c.state == JobState.PARKED)
        if ids is not None:
            update = update.where(job.c.id.in_(list(ids)))
        update = update.values(state=JobState.READY, attempts=0, run_at=self._now(), error=None)
        return await self._database.write(lambda connection: connection.execute(update).rowcount)


def _job(row: Mapping[Any, Any]) -> Job:
    return Job(
        row["id"],
        row["name"],
        row["payload"],
        JobState(row["state"]),
        row["attempts"],
        moment(row["run_at"]),
        moment(row["created_at"]),
        row["error"],
    )
