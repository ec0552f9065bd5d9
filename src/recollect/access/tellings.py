"""What assistants were told, as one actor may know it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from recollect.access.acting import Acting
from recollect.models import Action, Reach, Scope, Telling, Use
from recollect.ports import Records, Tellings


class ActingTellings:
    """The Tellings port for one actor: who may read a conversation knows what was told in it, by what he may read.

    `records` are those the actor has: a memory that is not among them is in no telling.
    """

    def __init__(self, behind: Tellings, records: Records, acting: Acting) -> None:
        self._behind, self._records, self._acting = behind, records, acting

    async def add(self, tellings: Sequence[Telling], *, since: datetime, most: int) -> None:
        """Keep tellings; whoever looks after the store does."""
        await self._acting.require(Action.OPERATE)
        await self._behind.add(tellings, since=since, most=most)

    async def told(self, scope: Scope, *, limit: int, beyond: int = 0) -> list[Telling]:
        """Return what was told in a conversation that may be read."""
        found = await self._behind.told(scope, limit=limit, beyond=beyond)
        allowed = await self._acting.readable(found, lambda one: one.scope)
        ids = dict.fromkeys(name for one in allowed for name in (*one.memories, one.turn) if name)
        known = {item.id for item in await self._records.get(list(ids))}
        return [
            replace(
                one,
                memories=tuple(name for name in one.memories if name in known),
                turn=one.turn if one.turn in known else None,
            )
            for one in allowed
        ]

    async def uses(self, memory_id: str) -> list[Use]:
        """Return how often a memory that may be read was told, in conversations that may be read."""
        if not await self._records.get([memory_id]):
            return []
        return await self._acting.readable(await self._behind.uses(memory_id), lambda use: use.scope)

    async def delete(self, reach: Reach) -> int:
        """Delete what was told where the actor may write."""
        return await self._behind.delete(await self._acting.reach(reach, Action.WRITE))
