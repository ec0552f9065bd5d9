"""What is said to Neo4j. Every statement names the store, and every question the tenants or entities it is about."""

from __future__ import annotations

from typing import Final, LiteralString

Statement = LiteralString

LAYOUT: Final[tuple[Statement, ...]] = (
    "CREATE CONSTRAINT recollect_entity IF NOT EXISTS FOR (e:RecollectEntity) REQUIRE (e.store, e.key) IS UNIQUE",
    "CREATE CONSTRAINT recollect_memory IF NOT EXISTS FOR (m:RecollectMemory) REQUIRE (m.store, m.key) IS UNIQUE",
    "CREATE INDEX recollect_entity_tenant IF NOT EXISTS FOR (e:RecollectEntity) ON (e.store, e.tenant)",
    "CREATE INDEX recollect_memory_tenant IF NOT EXISTS FOR (m:RecollectMemory) ON (m.store, m.tenant)",
    "CREATE INDEX recollect_relates_memory IF NOT EXISTS FOR ()-[r:RELATES]-() ON (r.store, r.memory)",
    "CALL db.awaitIndexes(30)",
)
"""Constraints and indexes; made where they are not there."""

TELL: Final[tuple[Statement, ...]] = (
    """
    UNWIND $entities AS e MERGE (n:RecollectEntity {store: $store, key: e.key})
    SET n.tenant = e.tenant, n.user = e.user, n.project = e.project, n.name = e.name, n.type = e.type
    """,
    "UNWIND $touched AS key MATCH ()-[r:RELATES {store: $store, memory: key}]->() DELETE r",
    "UNWIND $touched AS key MATCH (:RecollectMemory {store: $store, key: key})-[r:MENTIONS]->() DELETE r",
    "UNWIND $gone_memories AS key MATCH (m:RecollectMemory {store: $store, key: key}) DETACH DELETE m",
    "UNWIND $gone_entities AS key MATCH (e:RecollectEntity {store: $store, key: key}) DETACH DELETE e",
    """
    UNWIND $memories AS m MERGE (n:RecollectMemory {store: $store, key: m.key})
    SET n.tenant = m.tenant, n.id = m.id, n.valid_from = m.valid_from, n.valid_to = m.valid_to
    """,
    """
    UNWIND $mentions AS said MATCH (m:RecollectMemory {store: $store, key: said.memory})
    MATCH (e:RecollectEntity {store: $store, key: said.entity}) CREATE (m)-[:MENTIONS]->(e)
    """,
    """
    UNWIND $edges AS r MATCH (s:RecollectEntity {store: $store, key: r.subject})
    MATCH (o:RecollectEntity {store: $store, key: r.object})
    CREATE (s)-[:RELATES {store: $store, memory: r.memory, predicate: r.predicate,
                          valid_from: r.valid_from, valid_to: r.valid_to}]->(o)
    """,
)
"""Makes entities and memories what they are said to be, whatever they were."""

_HOLDS: Final = """
    ($at IS NULL OR ((r.valid_from IS NULL OR r.valid_from <= $at) AND (r.valid_to IS NULL OR r.valid_to > $at)))
"""

MENTIONED: Final[Statement] = """
    MATCH (e:RecollectEntity) WHERE e.store = $store AND e.tenant IN $tenants
    RETURN e.key AS key ORDER BY COUNT { (e)<-[:MENTIONS]-() } DESC, e.name LIMIT $limit
"""

AROUND: Final[Statement] = f"""
    UNWIND $keys AS key MATCH (e:RecollectEntity {{store: $store, key: key}})-[r:RELATES]-() WHERE {_HOLDS}
    WITH DISTINCT startNode(r) AS s, r, endNode(r) AS o
    WITH s.name AS subject, r.predicate AS predicate, o.name AS object, count(DISTINCT r.memory) AS weight,
         collect(DISTINCT [s.key, o.key]) AS pairs
    ORDER BY weight DESC, subject, predicate, object LIMIT $limit
    RETURN predicate, pairs
"""

APART: Final[Statement] = f"""
    MATCH (a:RecollectEntity {{store: $store, key: $start}}), (b:RecollectEntity {{store: $store, key: $end}})
    MATCH p = shortestPath((a)-[:RELATES*..10]-(b)) WHERE all(r IN relationships(p) WHERE {_HOLDS})
    RETURN length(p) AS apart
"""
"""How many relations lie between two entities."""

NEXT: Final[Statement] = f"""
    UNWIND $keys AS key MATCH (e:RecollectEntity {{store: $store, key: key}})-[r:RELATES]-(o) WHERE {_HOLDS}
    RETURN DISTINCT e.key AS here, o.key AS there
"""

RELATED: Final[Statement] = f"""
    MATCH (e:RecollectEntity)-[r:RELATES]->(o) WHERE e.store = $store AND e.tenant IN $tenants AND e <> o AND {_HOLDS}
    RETURN e.key AS one, o.key AS other, count(DISTINCT r.memory) AS strength
    ORDER BY strength DESC, one, other LIMIT $strongest
"""

TOGETHER: Final[Statement] = f"""
    MATCH (r:RecollectMemory) WHERE r.store = $store AND r.tenant IN $tenants AND {_HOLDS}
    WITH r ORDER BY r.key DESC LIMIT $latest
    MATCH (a)<-[:MENTIONS]-(r)-[:MENTIONS]->(b) WHERE a.key < b.key
    RETURN a.key AS one, b.key AS other, count(*) AS strength ORDER BY strength DESC, one, other LIMIT $strongest
"""

ENTITIES: Final[Statement] = """
    MATCH (e:RecollectEntity) WHERE e.store = $store AND e.key > $after AND e.key <= $upto
    RETURN e.key AS key, e.tenant AS tenant, e.user AS user, e.project AS project, e.name AS name, e.type AS type
"""

MEMORIES: Final[Statement] = """
    MATCH (m:RecollectMemory) WHERE m.store = $store AND m.key > $after AND m.key <= $upto
    RETURN m.key AS key, m.id AS id, m.tenant AS tenant, m.valid_from AS valid_from, m.valid_to AS valid_to,
           [(m)-[:MENTIONS]->(e) | e.key] AS mentions
"""

EDGES: Final[Statement] = """
    MATCH (s)-[r:RELATES]->(o) WHERE r.store = $store AND r.memory > $after AND r.memory <= $upto
    RETURN r.memory AS memory, s.key AS subject, r.predicate AS predicate, o.key AS object,
           r.valid_from AS valid_from, r.valid_to AS valid_to
"""

COUNT: Final[Statement] = """
    MATCH (e:RecollectEntity) WHERE e.store = $store RETURN count(e) AS entities
"""
