"""The Graph port with Neo4j beside the records: it finds what hangs together, the records decide what may answer.

Neo4j is asked by the keys of tenants and entities, and what it names is read from the records. What one index of theirs
tells at once (an entity by its name, mentions under conditions) they are asked for alone. While Neo4j does not answer,
or has not heard of everything in reach yet, they answer the rest as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa

from recollect.errors import IndexAway
from recollect.models import Community, Entity, EntityPath, Reach, Relation
from recollect.stores.beside.asking import Asking
from recollect.stores.neo4j.compare import Comparison, GraphSides
from recollect.stores.neo4j.cypher import (
    APART,
    AROUND,
    COUNT,
    MENTIONED,
    NEXT,
    RELATED,
    TELL,
    TOGETHER,
    Statement,
)
from recollect.stores.neo4j.node import Edge, EntityNode, MemoryNode
from recollect.stores.neo4j.outbox import Due, due, lags, remind, settle
from recollect.stores.neo4j.server import Neo4jServer, Row
from recollect.stores.paths import Seeking, Way
from recollect.stores.sql.database import Database
from recollect.stores.sql.graph import SqlGraph, entities_of, mentioned
from recollect.stores.sql.graph_paths import ends, told
from recollect.stores.sql.graph_relations import counted, relations
from recollect.stores.sql.graph_ties import LATEST, STRONGEST, grouped, summed
from recollect.stores.sql.graph_write import fold
from recollect.stores.sql.row import moment
from recollect.stores.sql.schema import entity, relation
from recollect.stores.sql.tenants import tenants_in
from recollect.stores.sql.write import some

T = TypeVar("T")

FAR = 10
"""Relations that a path has at most, however many are asked for."""


class Neo4jGraph(Asking, SqlGraph):
    """The Graph port over the records, with Neo4j for what hangs together. `store` is what its nodes bear there."""

    def __init__(self, database: Database, server: Neo4jServer, store: str) -> None:
        Asking.__init__(self, "Neo4j", "the store answers for the graph")
        SqlGraph.__init__(self, database.searched)
        self._records, self.server, self.store = database, server, store
        self._turn = asyncio.Lock()

    async def list(self, reach: Reach, *, limit: int = 100) -> list[Entity]:
        """Return entities, the most mentioned first."""

        async def ask(tenants: Sequence[int]) -> list[Entity] | None:
            rows = await self._rows(MENTIONED, tenants=tenants, limit=limit)
            keys = [row["key"] for row in rows]
            found = await self._read(lambda connection: _listed(connection, reach, keys), reach)
            return found if len(found) == len(keys) else None

        return await self._either(reach, ask, partial(super().list, reach, limit=limit))

    async def neighbours(
        self, reach: Reach, name: str, *, at: datetime | None = None, limit: int = 50
    ) -> Sequence[Relation]:
        """Return the relations of an entity, the strongest first."""

        async def ask(tenants: Sequence[int]) -> Sequence[Relation] | None:
            keys = await self.known(reach, [name])
            rows = await self._rows(AROUND, keys=list(keys), at=at, limit=limit) if keys else []
            triples = [(one, row["predicate"], other) for row in rows for one, other in row["pairs"]]
            found = await self._read(lambda connection: _told(connection, tenants, triples, at), reach)
            return found if len(found) == len(rows) else None

        return await self._either(reach, ask, partial(super().neighbours, reach, name, at=at, limit=limit))

    async def paths(
        self, reach: Reach, start: str, end: str, *, at: datetime | None = None, hops: int = 4, limit: int = 10
    ) -> Sequence[EntityPath]:
        """Return the shortest paths between two entities."""

        async def ask(tenants: Sequence[int]) -> Sequence[EntityPath] | None:
            pairs = await self._read(lambda connection: ends(connection, tenants, fold(start), fold(end)), reach)
            ways = [way for one, other in pairs for way in await self._ways(one, other, at, hops)]
            return await self._read(lambda connection: told(connection, tenants, ways, at, limit), reach)

        return await self._either(reach, ask, partial(super().paths, reach, start, end, at=at, hops=hops, limit=limit))

    async def communities(self, reach: Reach, *, at: datetime | None = None, limit: int = 20) -> Sequence[Community]:
        """Return groups of entities that are tied closely."""

        async def ask(tenants: Sequence[int]) -> Sequence[Community]:
            values = {"tenants": tenants, "at": at, "strongest": STRONGEST}
            rows = [*await self._rows(RELATED, **values), *await self._rows(TOGETHER, latest=LATEST, **values)]
            ties = summed((row["one"], row["other"], row["strength"]) for row in rows)
            return await self._read(lambda connection: grouped(connection, tenants, ties, limit), reach)

        return await self._either(reach, ask, partial(super().communities, reach, at=at, limit=limit))

    async def follow(self) -> int:
        """Tell Neo4j what it has not heard of; return how much. Raises IndexAway, whereupon it may be repeated."""
        heard = 0
        async with self._turn:
            while (part := await self._records.read(due)) is not None:
                await self.asked(self._tell(part))
                await self._records.write(partial(settle, done=part), durable=False)
                heard += len(part.seqs)
        return heard

    async def compared(self, *, repair: bool = False) -> Comparison:
        """Compare both sides; with `repair` leave a job that mends what differs. Raises IndexAway."""
        return await GraphSides(self._records, self._rows).compare(repair=repair)

    async def ping(self) -> int:
        """Return how many entities Neo4j has; its constraints and indexes are made by then. Raises IndexAway."""
        (row,) = await self._rows(COUNT)
        return int(row["entities"])

    async def begin(self) -> None:
        """Leave a job for what waits, and see to constraints and indexes. Raises IndexAway."""
        await self._records.write(remind, durable=False)
        await self.ping()

    async def close(self) -> None:
        """Close the connections."""
        await self.server.close()

    async def _either(
        self,
        reach: Reach,
        ask: Callable[[Sequence[int]], Awaitable[T | None]],
        records: Callable[[], Awaitable[T]],
    ) -> T:
        """Return what Neo4j finds; what the records say where it does not answer, lags, or names what they do not."""
        tenants = await self._read(lambda connection: _heard(connection, reach), reach)
        if tenants is None:
            return await records()
        try:
            found = await ask(tenants)
        except IndexAway:
            return await records()
        return await records() if found is None else found

    async def _ways(self, start: int, end: int, at: datetime | None, hops: int) -> Sequence[Way]:
        rows = await self._rows(APART, start=start, end=end, at=at)
        apart = rows[0]["apart"] if rows else FAR + 1
        seeking = Seeking(start, end)
        for _ in range(apart if apart <= hops else 0):
            ties = await self._rows(NEXT, keys=sorted(seeking.edge), at=at)
            seeking.step((row["here"], row["there"]) for row in ties)
        return seeking.ways()

    async def _rows(self, statement: Statement, **values: Any) -> Sequence[Row]:
        return await self.asked(self.server.rows(statement, store=self.store, **values))

    async def _read(self, work: Callable[[sa.Connection], T], reach: Reach) -> T:
        return await self._database.read(work, reach=reach)

    async def _tell(self, part: Due) -> None:
        await self.server.tell(
            TELL,
            store=self.store,
            entities=[_entity(node) for node in part.entities],
            memories=[_memory(node) for node in part.memories],
            mentions=[{"memory": node.key, "entity": key} for node in part.memories for key in sorted(node.mentions)],
            edges=[_edge(node, edge) for node in part.memories for edge in node.edges],
            touched=[*(node.key for node in part.memories), *part.gone_memories],
            gone_entities=part.gone_entities,
            gone_memories=part.gone_memories,
        )


def _heard(connection: sa.Connection, reach: Reach) -> list[int] | None:
    """Return the tenants in reach; `None` where Neo4j has not heard of everything of theirs, or there are none."""
    tenants = tenants_in(connection, reach)
    return None if not tenants or lags(connection, tenants) else tenants


def _listed(connection: sa.Connection, reach: Reach, keys: Sequence[int]) -> list[Entity]:
    found = [
        one
        for part in some(keys)
        for one in entities_of(connection, mentioned(connection, reach).where(entity.c.key.in_(part)))
    ]
    return sorted(found, key=lambda one: (-one.mentions, one.name))


def _told(
    connection: sa.Connection, tenants: Sequence[int], triples: Iterable[tuple[int, str, int]], at: datetime | None
) -> Sequence[Relation]:
    wanted = list(triples)
    if not wanted:
        return []
    row = sa.tuple_(relation.c.subject, relation.c.predicate, relation.c.object)
    return relations(connection.execute(counted(tenants, at).where(row.in_(wanted))))


def _entity(node: EntityNode) -> dict[str, Any]:
    return {
        "key": node.key,
        "tenant": node.tenant,
        "user": node.user,
        "project": node.project,
        "name": node.name,
        "type": node.type,
    }


def _memory(node: MemoryNode) -> dict[str, Any]:
    return {"key": node.key, "id": node.id, "tenant": node.tenant, **_times(node)}


def _edge(node: MemoryNode, edge: Edge) -> dict[str, Any]:
    ends = {"subject": edge.subject, "predicate": edge.predicate, "object": edge.object}
    return {"memory": node.key, **ends, **_times(edge)}


def _times(span: MemoryNode | Edge) -> dict[str, datetime | None]:
    return {
        "valid_from": None if span.valid_from is None else moment(span.valid_from),
        "valid_to": None if span.valid_to is None else moment(span.valid_to),
    }
