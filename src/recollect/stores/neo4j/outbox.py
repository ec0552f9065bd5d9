"""What Neo4j has still to hear of: entities and memories whose place in the graph has changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from recollect.stores.beside.notes import Notes, Watched
from recollect.stores.neo4j.node import EntityNode, MemoryNode, entity_nodes, memory_nodes
from recollect.stores.sql.schema import entity, memory, mention, relation
from recollect.stores.sql.schema.core import Key
from recollect.stores.sql.write import some

GRAPH = "graph"
"""The name of the job that brings Neo4j up to date."""

AT_ONCE = 1024
"""Notes done together."""

ENTITY, MEMORY = "entity", "memory"

EVERYONE = 0
"""Stands for a tenant that could not be told any more."""

outbox = sa.Table(
    "graph_outbox",
    sa.MetaData(),
    sa.Column("seq", Key, primary_key=True),
    sa.Column("sort", sa.Text, nullable=False),
    sa.Column("item", Key, nullable=False),
    sa.Column("tenant", Key, nullable=False),
    sa.Index("ix_graph_outbox_tenant", "tenant"),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class Due:
    """Notes, and what is true of what they name: what is there now, and what is gone."""

    seqs: tuple[int, ...]
    entities: tuple[EntityNode, ...]
    memories: tuple[MemoryNode, ...]
    gone_entities: tuple[int, ...]
    gone_memories: tuple[int, ...]


def refill(connection: sa.Connection) -> None:
    """Note every entity and every memory that has to do with one, and leave a job for them."""
    told = sa.exists().where(mention.c.memory == memory.c.key) | sa.exists().where(relation.c.memory == memory.c.key)
    for sort, found in (
        (ENTITY, sa.select(entity.c.key, entity.c.tenant).order_by(entity.c.key)),
        (MEMORY, sa.select(memory.c.key, memory.c.tenant).where(told).order_by(memory.c.key)),
    ):
        chosen = found.add_columns(sa.literal(sort, sa.Text))
        connection.execute(sa.insert(outbox).from_select(["item", "tenant", "sort"], chosen))
    _NOTES.push(connection)


def note(connection: sa.Connection, sort: str, keys: Iterable[int]) -> None:
    """Note that these are to be looked at again."""
    _NOTES.note(connection, [{"sort": sort, "item": key, "tenant": EVERYONE} for key in keys])


def lags(connection: sa.Connection, tenants: Sequence[int]) -> bool:
    """Whether there is something of these tenants that Neo4j may not have heard of."""
    for part in some([EVERYONE, *tenants]):
        if connection.execute(sa.select(outbox.c.seq).where(outbox.c.tenant.in_(part)).limit(1)).first():
            return True
    return False


def due(connection: sa.Connection) -> Due | None:
    """Return the oldest notes with what is true now; `None` where there are none."""
    rows = _NOTES.oldest(connection, AT_ONCE)
    if not rows:
        return None
    named = {sort: {row.item for row in rows if row.sort == sort} for sort in (ENTITY, MEMORY)}
    memories = memory_nodes(connection, named[MEMORY])
    # What a memory names is told with it, so that nothing hangs on the order of notes.
    wanted = named[ENTITY].union(*(node.entities for node in memories.values()))
    entities = entity_nodes(connection, wanted)
    return Due(
        tuple(row.seq for row in rows),
        tuple(entities.values()),
        tuple(memories.values()),
        tuple(sorted(wanted - entities.keys())),
        tuple(sorted(named[MEMORY] - memories.keys())),
    )


def settle(connection: sa.Connection, done: Due) -> None:
    """Take out notes that Neo4j has heard of.

    What changed between being read and being told is noted once more: its own note may have been done already, by
    somebody quicker, before Neo4j got what was older.
    """
    entities = entity_nodes(connection, [*(node.key for node in done.entities), *done.gone_entities])
    memories = memory_nodes(connection, [*(node.key for node in done.memories), *done.gone_memories])
    changed = {node.key for node in {*done.entities} ^ {*entities.values()}}
    note(connection, ENTITY, sorted(changed))
    changed = {node.key for node in {*done.memories} ^ {*memories.values()}}
    note(connection, MEMORY, sorted(changed))
    _NOTES.take_out(connection, done.seqs)


_WHOSE = "coalesce((SELECT tenant FROM entity WHERE key = {row}.%s), 0)"
_NOTES = Notes(
    outbox,
    GRAPH,
    [
        Watched("entity", "SELECT 'entity', {row}.key, {row}.tenant"),
        Watched("mention", f"SELECT 'memory', {{row}}.memory, {_WHOSE % 'entity'}"),
        Watched("relation", f"SELECT 'memory', {{row}}.memory, {_WHOSE % 'subject'}"),
        Watched("memory", "SELECT 'memory', {row}.key, {row}.tenant", ("valid_from", "valid_to", "tenant")),
        Watched("tenant", "SELECT 'entity', e.key, e.tenant FROM entity e WHERE e.tenant = {row}.key", ("project_id",)),
    ],
    refill,
)
ensure, remind, waiting = _NOTES.ensure, _NOTES.remind, _NOTES.waiting
