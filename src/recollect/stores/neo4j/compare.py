"""Compares Neo4j with the records, node by node and relation by relation, and notes what differs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import sqlalchemy as sa

from recollect.stores.neo4j.cypher import EDGES, ENTITIES, MEMORIES, Statement
from recollect.stores.neo4j.node import Edge, EntityNode, MemoryNode, entity_nodes, memory_nodes
from recollect.stores.neo4j.outbox import ENTITY, MEMORY, note, waiting
from recollect.stores.sql.database import Database
from recollect.stores.sql.row import micros
from recollect.stores.sql.schema import entity, memory, mention, relation

PAGE: Final = 1000
LAST: Final = (1 << 63) - 1
"""No key is greater."""


N = TypeVar("N")


class Rows(Protocol):
    """What Neo4j says of this store to a statement; raises IndexAway."""

    async def __call__(self, statement: Statement, **values: Any) -> Sequence[dict[str, Any]]:
        """Return its rows."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One sort of node: how many the records have, how many Neo4j has, missing there, left over there, and other."""

    sort: str
    records: int
    index: int
    missing: int
    orphans: int
    other: int

    @property
    def differing(self) -> int:
        """How many are not the same on both sides."""
        return self.missing + self.orphans + self.other


@dataclass(frozen=True, slots=True)
class Comparison:
    """Entities and memories compared, and how many changes Neo4j has still to hear of."""

    sorts: tuple[Compared, ...]
    waiting: int

    @property
    def differing(self) -> int:
        """How many nodes are not the same on both sides."""
        return sum(found.differing for found in self.sorts)


class GraphSides:
    """The records and Neo4j, to be compared; what is only waiting to be told differs too."""

    def __init__(self, database: Database, rows: Rows) -> None:
        self._database, self._rows = database, rows

    async def compare(self, *, repair: bool = False) -> Comparison:
        """Compare both sides; with `repair` note what differs, whereupon a job mends it. Raises IndexAway."""
        found = (
            await self._compare(ENTITY, _entity_keys, entity_nodes, self._entities, repair=repair),
            await self._compare(MEMORY, _memory_keys, memory_nodes, self._memories, repair=repair),
        )
        return Comparison(found, await self._database.read(waiting))

    async def _compare(
        self,
        sort: str,
        keys: Callable[[sa.Connection, int], list[int]],
        nodes: Callable[[sa.Connection, Collection[int]], dict[int, N]],
        told: Callable[[int, int], Awaitable[dict[int, N]]],
        *,
        repair: bool,
    ) -> Compared:
        counts = Compared(sort, 0, 0, 0, 0, 0)
        after = 0
        while after < LAST:
            upto, here = await self._database.read(partial(_page, keys=keys, nodes=nodes, after=after))
            there = await told(after, upto)
            missing, orphans = here.keys() - there.keys(), there.keys() - here.keys()
            other = {key for key in here.keys() & there.keys() if here[key] != there[key]}
            counts = Compared(
                sort,
                counts.records + len(here),
                counts.index + len(there),
                counts.missing + len(missing),
                counts.orphans + len(orphans),
                counts.other + len(other),
            )
            differing = sorted(missing | orphans | other)
            if repair and differing:
                await self._database.write(partial(note, sort=sort, keys=differing))
            after = upto
        return counts

    async def _entities(self, after: int, upto: int) -> dict[int, EntityNode]:
        rows = await self._rows(ENTITIES, after=after, upto=upto)
        return {row["key"]: EntityNode(**row) for row in rows}

    async def _memories(self, after: int, upto: int) -> dict[int, MemoryNode]:
        """Return the memories in a range, as far as Neo4j goes: one without its node counts by its relations."""
        edges: dict[int, list[Edge]] = {}
        for row in await self._rows(EDGES, after=after, upto=upto):
            span = _time(row["valid_from"]), _time(row["valid_to"])
            edges.setdefault(row["memory"], []).append(Edge(row["subject"], row["predicate"], row["object"], *span))
        found = {key: MemoryNode(key, "", 0, None, None, frozenset(), frozenset(some)) for key, some in edges.items()}
        for row in await self._rows(MEMORIES, after=after, upto=upto):
            span = _time(row["valid_from"]), _time(row["valid_to"])
            said = frozenset(row["mentions"]), frozenset(edges.get(row["key"], ()))
            found[row["key"]] = MemoryNode(row["key"], row["id"], row["tenant"], *span, *said)
        return found


def _page(
    connection: sa.Connection,
    keys: Callable[[sa.Connection, int], list[int]],
    nodes: Callable[[sa.Connection, Collection[int]], dict[int, N]],
    after: int,
) -> tuple[int, dict[int, N]]:
    """Return the nodes after a key, and how far they go."""
    page = keys(connection, after)
    return (page[-1] if len(page) == PAGE else LAST), nodes(connection, page)


def _entity_keys(connection: sa.Connection, after: int) -> list[int]:
    query = sa.select(entity.c.key).where(entity.c.key > after).order_by(entity.c.key).limit(PAGE)
    return list(connection.execute(query).scalars())


def _memory_keys(connection: sa.Connection, after: int) -> list[int]:
    told = sa.exists().where(mention.c.memory == memory.c.key) | sa.exists().where(relation.c.memory == memory.c.key)
    query = sa.select(memory.c.key).where(memory.c.key > after, told).order_by(memory.c.key).limit(PAGE)
    return list(connection.execute(query).scalars())


def _time(value: Any) -> int | None:
    return None if value is None else micros(value.to_native())
