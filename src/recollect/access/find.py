"""The ways of searching as one actor may go them: every question is narrowed before it reaches a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from recollect.access.acting import Acting
from recollect.models import Action, Community, Entity, EntityPath, Reach, Relation, Where
from recollect.ports import Graph, Lore, Records, Vectors, Words

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scored, Scores, Traits, Unembedded


class ActingWords:
    """The Words port for one actor."""

    def __init__(self, behind: Words, acting: Acting) -> None:
        self._behind, self._acting = behind, acting

    async def search(self, terms: Sequence[str], where: Where, limit: int) -> Scored:
        """Search what may be read."""
        return await self._behind.search(terms, await self._acting.where(where), limit)

    async def score(self, terms: Sequence[str], where: Where, keys: Keys) -> Scores:
        """Score what may be read."""
        return await self._behind.score(terms, await self._acting.where(where), keys)


class ActingVectors:
    """The Vectors port for one actor; vectors are made and dropped by whoever looks after the store."""

    def __init__(self, behind: Vectors, records: Records, acting: Acting) -> None:
        self._behind, self._records, self._acting = behind, records, acting

    async def put(self, model: str, rows: Mapping[int, bytes]) -> None:
        """Store vectors."""
        await self._acting.require(Action.OPERATE)
        await self._behind.put(model, rows)

    async def unembedded(self, model: str, *, limit: int, memory_ids: Sequence[str] | None = None) -> list[Unembedded]:
        """Return chunks without a vector, of memories that are named and may be read."""
        if memory_ids is None:
            await self._acting.require(Action.OPERATE)
            return await self._behind.unembedded(model, limit=limit)
        allowed = [item.id for item in await self._records.get(memory_ids)]
        return await self._behind.unembedded(model, limit=limit, memory_ids=allowed)

    async def search(self, model: str, vector: bytes, where: Where, limit: int) -> Scored:
        """Search what may be read."""
        return await self._behind.search(model, vector, await self._acting.where(where), limit)

    async def score(self, model: str, vector: bytes, where: Where, keys: Keys) -> Scores:
        """Score what may be read."""
        return await self._behind.score(model, vector, await self._acting.where(where), keys)

    async def models(self) -> list[str]:
        """Return the names of models."""
        return await self._behind.models()

    async def drop(self, model: str | None = None) -> int:
        """Forget vectors."""
        await self._acting.require(Action.OPERATE)
        return await self._behind.drop(model)


class ActingLore:
    """The Lore port for one actor."""

    def __init__(self, behind: Lore, acting: Acting) -> None:
        self._behind, self._acting = behind, acting

    async def traits(self, where: Where, keys: Keys) -> Traits:
        """Return traits of what may be read."""
        return await self._behind.traits(await self._acting.where(where), keys)

    async def neighbours(self, where: Where, keys: Keys) -> Keys:
        """Return neighbours that may be read."""
        return await self._behind.neighbours(await self._acting.where(where), keys)

    async def recent(self, where: Where, limit: int) -> Keys:
        """Return the latest of what may be read."""
        return await self._behind.recent(await self._acting.where(where), limit)

    async def speakers(self, where: Where) -> frozenset[int]:
        """Return who speaks in what may be read."""
        return await self._behind.speakers(await self._acting.where(where))


class ActingGraph:
    """The Graph port for one actor."""

    def __init__(self, behind: Graph, acting: Acting) -> None:
        self._behind, self._acting = behind, acting

    async def entities(self, reach: Reach, names: Sequence[str]) -> list[Entity]:
        """Return entities of what may be read."""
        return await self._behind.entities(await self._acting.reach(reach), names)

    async def list(self, reach: Reach, *, limit: int = 100) -> list[Entity]:
        """Return entities of what may be read."""
        return await self._behind.list(await self._acting.reach(reach), limit=limit)

    async def known(self, reach: Reach, names: Sequence[str]) -> Sequence[int]:
        """Return entities of what may be read."""
        return await self._behind.known(await self._acting.reach(reach), names)

    async def mentions(self, where: Where, entities: Sequence[int], limit: int) -> Keys:
        """Return mentions in what may be read."""
        return await self._behind.mentions(await self._acting.where(where), entities, limit)

    async def neighbours(
        self, reach: Reach, name: str, *, at: datetime | None = None, limit: int = 50
    ) -> Sequence[Relation]:
        """Return relations in what may be read."""
        return await self._behind.neighbours(await self._acting.reach(reach), name, at=at, limit=limit)

    async def paths(
        self, reach: Reach, start: str, end: str, *, at: datetime | None = None, hops: int = 4, limit: int = 10
    ) -> Sequence[EntityPath]:
        """Return paths through what may be read."""
        return await self._behind.paths(await self._acting.reach(reach), start, end, at=at, hops=hops, limit=limit)

    async def communities(self, reach: Reach, *, at: datetime | None = None, limit: int = 20) -> Sequence[Community]:
        """Return communities within what may be read."""
        return await self._behind.communities(await self._acting.reach(reach), at=at, limit=limit)
