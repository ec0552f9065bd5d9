"""What looks after the store, as one actor may use it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from recollect.access.acting import Acting
from recollect.errors import Denied
from recollect.models import Action, Coordinate, Deed, Job, JobState, Kind, Owner, Reach, Scope, Task, Token
from recollect.ports import Dump, Owners, Queue, Records, Tokens, Upkeep

if TYPE_CHECKING:
    from recollect.exchange import Census, Condition, Line, Reindexed, Taken
    from recollect.models import Chunk, Memory


class ActingQueue:
    """The Queue port for one actor: jobs are looked at and after by whoever looks after the store."""

    def __init__(self, behind: Queue, acting: Acting) -> None:
        self._behind, self._acting = behind, acting

    async def claim(self, worker: str, *, limit: int, lease: float, besides: Collection[str] = ()) -> list[Job]:
        """Claim jobs."""
        await self._acting.require(Action.OPERATE)
        return await self._behind.claim(worker, limit=limit, lease=lease, besides=besides)

    async def extend(self, worker: str, *, lease: float) -> None:
        """Keep claims."""
        await self._acting.require(Action.OPERATE)
        await self._behind.extend(worker, lease=lease)

    async def workers(self) -> list[str]:
        """Return workers."""
        await self._acting.require(Action.OPERATE)
        return await self._behind.workers()

    async def release(self, worker: str) -> int:
        """Make jobs ready again."""
        await self._acting.require(Action.OPERATE)
        return await self._behind.release(worker)

    async def finish(self, ids: Sequence[int]) -> None:
        """Remove jobs."""
        await self._acting.require(Action.OPERATE)
        await self._behind.finish(ids)

    async def fail(self, job_id: int, error: str, *, retry_in: float | None, worker: str | None = None) -> None:
        """Put a job back."""
        await self._acting.require(Action.OPERATE)
        await self._behind.fail(job_id, error, retry_in=retry_in, worker=worker)

    async def push(self, tasks: Sequence[Task]) -> None:
        """Add jobs about conversations that the actor may write; others only whoever looks after the store."""
        for task in tasks:
            talks = task.payload.get("conversations")
            if set(task.payload) != {"conversations"} or not isinstance(talks, list):
                await self._acting.require(Action.OPERATE)
            else:
                await self._acting.check(Scope(talk[0], talk[1]) for talk in talks)
        await self._behind.push(tasks)

    async def waiting(self) -> int:
        """Count jobs."""
        return await self._behind.waiting()

    async def count(self) -> dict[tuple[str, JobState], int]:
        """Count jobs."""
        await self._acting.require(Action.WATCH)
        return await self._behind.count()

    async def jobs(self, *, limit: int = 100) -> list[Job]:
        """Return jobs."""
        await self._acting.require(Action.OPERATE)
        return await self._behind.jobs(limit=limit)

    async def parked(self, name: str) -> list[Job]:
        """Return parked jobs."""
        await self._acting.require(Action.OPERATE)
        return await self._behind.parked(name)

    async def retry(self, ids: Sequence[int] | None = None) -> int:
        """Make parked jobs ready."""
        await self._acting.require(Action.OPERATE)
        return await self._behind.retry(ids)


class ActingDump:
    """The Dump port for one actor: he pours what he may read; whole exports are taken by whoever looks after it all."""

    def __init__(self, behind: Dump, acting: Acting) -> None:
        self._behind, self._acting = behind, acting

    async def pour(
        self, sink: Callable[[str, Mapping[str, Any]], None], *, reach: Reach | None = None, vectors: bool = False
    ) -> None:
        """Hand over what may be read."""
        inside = await self._acting.all(reach)
        named = () if reach is None or reach.project_id is None else (reach.project_id,)
        deed = Deed("export", projects=named, target="" if reach is None else reach.user_id or "")
        await self._acting.access.note(self._acting.actor, deed)
        await self._behind.pour(sink, reach=inside, vectors=vectors)

    async def take(self, lines: Sequence[Line], index: Callable[[Memory], Sequence[Chunk]]) -> Taken:
        """Take over an export as it is."""
        await self._acting.require(Action.OPERATE)
        return await self._behind.take(lines, index)


class ActingOwners:
    """The Owners port for one actor: only memories that he may read count."""

    def __init__(self, behind: Owners, acting: Acting) -> None:
        self._behind, self._acting = behind, acting

    async def owners(
        self,
        coordinate: Coordinate,
        *,
        kinds: Sequence[Kind] = (),
        name: str | None = None,
        user: str | None = None,
        limit: int = 1000,
        reach: Reach | None = None,
    ) -> list[Owner]:
        """Count what may be read."""
        inside = await self._acting.all(reach)
        return await self._behind.owners(coordinate, kinds=kinds, name=name, user=user, limit=limit, reach=inside)

    async def users(
        self,
        *,
        coordinate: Coordinate | None = None,
        names: Sequence[str] = (),
        limit: int = 1000,
        reach: Reach | None = None,
    ) -> list[str]:
        """Return users whose memories may be read."""
        inside = await self._acting.all(reach)
        return await self._behind.users(coordinate=coordinate, names=names, limit=limit, reach=inside)


class ActingUpkeep:
    """The Upkeep port for one actor."""

    def __init__(self, behind: Upkeep, records: Records, acting: Acting) -> None:
        self._behind, self._records, self._acting = behind, records, acting

    async def condition(self, model: str) -> Condition:
        """Return the state of the store."""
        await self._acting.require(Action.WATCH)
        return await self._behind.condition(model)

    async def problems(self) -> list[str]:
        """Look for damage."""
        await self._acting.require(Action.OPERATE)
        return await self._behind.problems()

    async def reindex(self, after: int, index: Callable[[Memory], Sequence[Chunk]], *, limit: int = 500) -> Reindexed:
        """Build the index anew."""
        await self._acting.require(Action.OPERATE)
        return await self._behind.reindex(after, index, limit=limit)

    async def settle(self, analysis: int) -> None:
        """Note the version of the index."""
        await self._acting.require(Action.OPERATE)
        await self._behind.settle(analysis)

    async def census(self, since: datetime) -> Census:
        """Count everything."""
        await self._acting.require(Action.WATCH)
        return await self._behind.census(since)

    async def ending(self, digits: str, *, limit: int = 3) -> list[str]:
        """Return ids of memories that may be read."""
        found = await self._behind.ending(digits, limit=MOST_ENDING)
        return [item.id for item in await self._records.get(found)][:limit]


MOST_ENDING = 1000
"""Ids with one end that are looked at: others' may stand before one's own."""


class ActingTokens:
    """The Tokens port for one actor: the people's verbs are for everybody, this only for whoever looks after it all."""

    def __init__(self, behind: Tokens, acting: Acting) -> None:
        self._behind, self._acting = behind, acting

    async def add(self, held: Token) -> bool:
        """Keep a token; nobody makes one that may more than he."""
        if not self._acting.is_system:
            raise Denied("Tokens are made with the people's verbs", hint="POST /api/tokens.")
        return await self._behind.add(held)

    async def list(self) -> list[Token]:
        """Return all tokens."""
        await self._acting.require(Action.OPERATE)
        return await self._behind.list()

    async def revoke(self, ids: Sequence[str]) -> int:
        """Remove tokens."""
        await self._acting.require(Action.OPERATE)
        return await self._behind.revoke(ids)

    async def used(self, token_id: str, at: datetime) -> None:
        """Note when a token was used."""
        await self._acting.require(Action.OPERATE)
        await self._behind.used(token_id, at)

    async def sign_out(self, once: str, ends: int, now: int) -> None:
        """Keep that a session is over."""
        await self._acting.require(Action.OPERATE)
        await self._behind.sign_out(once, ends, now)

    async def signed_out(self) -> frozenset[str]:
        """Return the sessions that are over."""
        await self._acting.require(Action.OPERATE)
        return await self._behind.signed_out()
