"""What Neo4j holds of a store: entities, which memories name them, and the relations that memories tell of.

No text of a memory is among it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recollect.stores.sql.graph_relations import BEGUN, ENDED
from recollect.stores.sql.schema import entity, memory, mention, relation, tenant
from recollect.stores.sql.write import some


@dataclass(frozen=True, slots=True)
class EntityNode:
    """An entity, and whose it is."""

    key: int
    tenant: int
    user: str
    project: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation that a memory tells of, from one entity to another; times in microseconds."""

    subject: int
    predicate: str
    object: int
    valid_from: int | None
    valid_to: int | None


@dataclass(frozen=True, slots=True)
class MemoryNode:
    """A memory: the entities it names, and the relations it tells of."""

    key: int
    id: str
    tenant: int
    valid_from: int | None
    valid_to: int | None
    mentions: frozenset[int]
    edges: frozenset[Edge]

    @property
    def entities(self) -> set[int]:
        """The entities it has to do with."""
        return {*self.mentions, *(key for edge in self.edges for key in (edge.subject, edge.object))}


def entity_nodes(connection: sa.Connection, keys: Iterable[int]) -> dict[int, EntityNode]:
    """Return those of the entities that there are, as they are now."""
    query = sa.select(
        entity.c.key, entity.c.tenant, tenant.c.user_id, tenant.c.project_id, entity.c.name, entity.c.type
    ).join(tenant, entity.c.tenant == tenant.c.key)
    found: dict[int, EntityNode] = {}
    for part in some(sorted(keys)):
        found.update((row.key, EntityNode(*row)) for row in connection.execute(query.where(entity.c.key.in_(part))))
    return found


def memory_nodes(connection: sa.Connection, keys: Iterable[int]) -> dict[int, MemoryNode]:
    """Return those of the memories that name an entity or tell of a relation, as they are now."""
    found: dict[int, MemoryNode] = {}
    for part in some(sorted(keys)):
        mentions: dict[int, set[int]] = {}
        edges: dict[int, set[Edge]] = {}
        for row in connection.execute(sa.select(mention).where(mention.c.memory.in_(part))):
            mentions.setdefault(row.memory, set()).add(row.entity)
        for row in connection.execute(_edges().where(relation.c.memory.in_(part))):
            edges.setdefault(row.memory, set()).add(Edge(*row[1:]))
        columns = (memory.c.key, memory.c.id, memory.c.tenant, memory.c.valid_from, memory.c.valid_to)
        for row in connection.execute(sa.select(*columns).where(memory.c.key.in_({*mentions, *edges}))):
            named, told = frozenset(mentions.get(row.key, ())), frozenset(edges.get(row.key, ()))
            found[row.key] = MemoryNode(row.key, row.id, row.tenant, row.valid_from, row.valid_to, named, told)
    return found


def _edges() -> sa.Select[Any]:
    told = (relation.c.memory, relation.c.subject, relation.c.predicate, relation.c.object, BEGUN, ENDED)
    return sa.select(*told).join(memory, relation.c.memory == memory.c.key)
