"""The records as one actor may have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from recollect.access.acting import Acting
from recollect.errors import Denied
from recollect.exchange import Batch, Committed, Keyed, Located, Page
from recollect.models import Action, Change, Conversation, Deed, Memory, Reach, Scope, Stats, Status, Usage, Where
from recollect.ports import Records


class ActingRecords:
    """The Records port for one actor: what he may not read is not there, what he may not write is denied."""

    def __init__(self, behind: Records, acting: Acting) -> None:
        self._behind, self._acting = behind, acting

    async def commit(self, batch: Batch) -> Committed:
        """Write a batch, when the actor may write all of it."""
        gone = await self._behind.get(batch.deletes) if batch.deletes else []
        if await self._looks():
            held = [*gone, *await self._behind.get([item.memory.id for item in batch.revisions])]
            written = [*(entry.memory for entry in batch.adds), *(item.memory for item in batch.revisions), *held]
            await self._acting.check(item.scope for item in written)
        done = await self._behind.commit(replace(batch, deed=self._deed(gone)) if batch.deletes else batch)
        if done.noted is not None:
            await self._acting.access.noted(done.noted)
        return done

    def _deed(self, gone: Sequence[Memory]) -> Deed | None:
        """Return what the audit log says of a deletion, which it says in the same transaction: both or neither."""
        projects = tuple(sorted({item.scope.project_id for item in gone}))
        return self._acting.access.deed(
            self._acting.actor, Deed("delete", projects=projects, target=gone[0].id if gone else "")
        )

    async def get(self, ids: Sequence[str]) -> list[Memory]:
        """Return memories that may be read."""
        async with self._acting.wall():
            found = await self._behind.get(ids)
        return await self._acting.memories(found)

    async def fetch(self, keys: Sequence[int]) -> list[Memory]:
        """Return memories that may be read."""
        async with self._acting.wall():
            found = await self._behind.fetch(keys)
        return await self._acting.memories(found)

    async def locate(self, places: Sequence[tuple[int, int]]) -> list[Located]:
        """Return memories that may be read."""
        async with self._acting.wall():
            found = await self._behind.locate(places)
        return await self._acting.readable(found, lambda one: one.memory.scope)

    async def keys(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the keys of memories that may be read."""
        wanted = ids if self._acting.is_system else [item.id for item in await self.get(ids)]
        return await self._behind.keys(wanted)

    async def page(self, where: Where, *, limit: int, cursor: str | None = None, newest: bool = True) -> Page:
        """Return a page of what may be read."""
        return await self._behind.page(await self._acting.where(where), limit=limit, cursor=cursor, newest=newest)

    async def ids(self, where: Where) -> list[str]:
        """Return the ids of what may be read."""
        return await self._behind.ids(await self._acting.where(where))

    async def under(self, prefix: str, *, limit: int | None = None) -> list[Keyed]:
        """Return memories by key that may be read."""
        if self._acting.is_system:
            return await self._behind.under(prefix, limit=limit)
        async with self._acting.wall():
            found = await self._behind.under(prefix)
        allowed = {item.id for item in await self.get([one.id for one in found])}
        return [one for one in found if one.id in allowed][:limit]

    async def same(self, scope: Scope, content_hash: str) -> Memory | None:
        """Return what says the same, where it may be read."""
        found = await self._behind.same(scope, content_hash)
        return None if found is None or not await self._acting.memories([found]) else found

    async def history(self, memory_id: str) -> list[Change]:
        """Return the changes of a memory that may be read."""
        async with self._acting.wall():
            found = await self._behind.history(memory_id)
        return await self._acting.readable(found, lambda change: Scope(change.user_id, change.project_id))

    async def changes(self, after: int, *, limit: int = 1000, reach: Reach | None = None) -> list[Change]:
        """Return the log of what may be read."""
        return await self._behind.changes(after, limit=limit, reach=await self._acting.all(reach))

    async def head(self) -> int:
        """Return the end of the log; it is a number."""
        return await self._behind.head()

    async def conversations(self, reach: Reach, *, limit: int = 100) -> list[Conversation]:
        """Return conversations that may be read."""
        return await self._behind.conversations(await self._acting.reach(reach), limit=limit)

    async def turns(self, reach: Reach, *, around: int | None = None, span: int = 0) -> list[Memory]:
        """Return turns that may be read."""
        return await self._behind.turns(await self._acting.reach(reach), around=around, span=span)

    async def stats(self, reach: Reach, model: str) -> Stats:
        """Count what may be read."""
        return await self._behind.stats(await self._acting.reach(reach), model)

    async def spend(self, usage: Sequence[Usage]) -> None:
        """Note what calls cost."""
        await self._behind.spend(usage)

    async def usage(self, *, since: datetime | None = None) -> list[Usage]:
        """Return what was spent in projects that the actor may read as a whole."""
        found = await self._behind.usage(since=since)
        if self._acting.is_system:
            return found
        whole = {name for name in {item.project_id for item in found} if await self._whole(name)}
        return [item for item in found if item.project_id in whole]

    async def spent(self, *, since: datetime) -> tuple[int, float]:
        """Return what models took in projects that the actor may read as a whole."""
        if self._acting.is_system:
            return await self._behind.spent(since=since)
        asked = [item for item in await self.usage(since=since) if item.outcome in {"answered", "failed"}]
        return sum(item.tokens_in + item.tokens_out for item in asked), sum(item.cost for item in asked)

    async def close(self) -> None:
        """Close what is behind."""
        await self._behind.close()

    async def _looks(self) -> bool:
        """Whether a write is to be looked at: by the system only where a project is archived."""
        if not self._acting.is_system:
            return True
        known = await self._acting.access.known()
        return any(project.status is Status.ARCHIVED for project in known.projects.values())

    async def _whole(self, project_id: str) -> bool:
        try:
            reach = await self._acting.reach(Reach(None, project_id), Action.READ)
        except Denied:
            return False
        return reach.within is None or not reach.within.own
