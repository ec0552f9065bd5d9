"""The queue: jobs are rows, claimed by their turn, which is fair to every owner (see `turn`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from recollect.models import Job, JobState, Task
from recollect.ports import Clock
from recollect.stores.sql.database import Database
from recollect.stores.sql.row import micros, moment
from recollect.stores.sql.schema import job
from recollect.stores.sql.straight import ask, run
from recollect.stores.sql.tenants import ensure_tenant
from recollect.stores.sql.turn import AGAIN, FRONT
from recollect.stores.sql.write import push_jobs, some

# Built once: building a statement costs as much as running it.
_IDS: sa.BindParameter[list[int]] = sa.bindparam("ids", expanding=True)
_BESIDES: sa.BindParameter[list[str]] = sa.bindparam("besides", expanding=True)
_NOW = sa.bindparam("now", type_=sa.BigInteger)
_MOST = sa.bindparam("most", type_=sa.Integer)
_DUE = sa.and_(job.c.state == JobState.READY, job.c.run_at <= _NOW)
_LEFT = sa.and_(job.c.state == JobState.CLAIMED, job.c.leased_until <= _NOW)


def _names() -> sa.CTE:
    """Return the names of ready jobs, found by one look into the index for each."""
    first = sa.select(sa.func.min(job.c.name).label("name")).where(job.c.state == JobState.READY)
    names = first.cte("names", recursive=True)
    after = sa.select(sa.func.min(job.c.name)).where(job.c.state == JobState.READY, job.c.name > names.c.name)
    return names.union_all(sa.select(after.scalar_subquery()).where(names.c.name.is_not(None)))


_NAMED = _names()
_WAITING = (
    sa.select(_NAMED.c.name)
    .where(_NAMED.c.name.not_in(_BESIDES), sa.exists().where(_DUE, job.c.name == _NAMED.c.name))
    .union(sa.select(job.c.name).where(_LEFT, job.c.name.not_in(_BESIDES)))
)
"""The names of which there is something to claim."""

# What nobody else is claiming this very moment; in SQLite, where only one writes at a time, the same.
_TURNS = (
    sa.select(job)
    .where(_DUE, job.c.name == sa.bindparam("called"))
    .order_by(job.c.turn, job.c.id)
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)
_ABANDONED = (
    sa.select(job)
    .where(_LEFT, job.c.name == sa.bindparam("called"))
    .order_by(job.c.turn, job.c.id)
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)
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
        """Claim jobs whose lease ran out, and ready ones by their turn. Asks before it takes the writer's lock."""
        now = self._now()
        asked = {"now": now, "besides": sorted(besides)}
        names = await self._database.read(lambda connection: [name for (name,) in ask(connection, _WAITING, asked)])
        if not names:
            return []
        until = now + int(lease * 1_000_000)

        def work(connection: sa.Connection) -> list[Job]:
            rows = _rows(connection, sorted(names), now, limit)
            if rows:
                run(connection, _TAKE, [{"ids": [row["id"] for row in rows], "until": until, "by": worker}])
            return [_job({**row, "state": JobState.CLAIMED, "attempts": row["attempts"] + 1}) for row in rows]

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
                run(connection, _DONE, [{"ids": part}])

        if ids:
            await self._database.write(work, durable=False)

    async def fail(self, job_id: int, error: str, *, retry_in: float | None, worker: str | None = None) -> None:
        """Put a job back for later, at the end of its line, or park it."""
        values: dict[str, Any] = {"error": error, "worker": None, "leased_until": 0}
        if retry_in is None:
            values |= {"state": JobState.PARKED, "turn": 0}  # what is parked holds up nobody's line
        else:
            values |= {"state": JobState.READY, "run_at": self._now() + int(retry_in * 1_000_000), "turn": AGAIN}
        update = sa.update(job).where(job.c.id == job_id).values(**values)
        if worker is not None:
            update = update.where(job.c.state == JobState.CLAIMED, job.c.worker == worker)
        await self._database.write(lambda connection: connection.execute(update))

    async def push(self, tasks: Sequence[Task]) -> None:
        """Add jobs of their own."""

        def work(connection: sa.Connection) -> None:
            for owner in sorted({task.owner for task in tasks if task.owner is not None}):
                ensure_tenant(connection, *owner)
            push_jobs(connection, tasks, self._now())

        await self._database.write(work)

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
        """Make parked jobs ready again, each owner's in a line from here on."""
        chosen = job.c.state == JobState.PARKED
        if ids is not None:
            chosen = sa.and_(chosen, job.c.id.in_(list(ids)))
        place = sa.func.row_number().over(partition_by=(job.c.owner, job.c.name), order_by=job.c.id)
        line = sa.select(job.c.id, place.label("place")).where(chosen).subquery()
        ready = {"state": JobState.READY, "attempts": 0, "run_at": self._now(), "error": None}
        update = sa.update(job).where(job.c.id == line.c.id).values(**ready, turn=FRONT + line.c.place)
        return await self._database.write(lambda connection: connection.execute(update).rowcount)


def _rows(connection: sa.Connection, names: Sequence[str], now: int, limit: int) -> Sequence[Mapping[Any, Any]]:
    """Return at most `limit` rows to claim: of each name as many as came first, and those by their turn."""
    found: dict[str, list[Mapping[Any, Any]]] = {}
    for name in names:
        asked = {"now": now, "called": name, "most": limit}
        left = connection.execute(_ABANDONED, asked).mappings().all()
        found[name] = [*left, *connection.execute(_TURNS, {**asked, "most": limit - len(left)}).mappings()]
    first = sorted((row["id"], name) for name, rows in found.items() for row in rows)[:limit]
    counts = Counter(name for _, name in first)
    return sorted((row for name, rows in found.items() for row in rows[: counts[name]]), key=itemgetter("id"))


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
