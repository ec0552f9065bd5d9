"""Bytes of a memory in each store: tables with their indexes, an index of vectors, what is kept in Redis, a backup."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import qdrant_edge as edge
from tests.redis_server import redis_server
from tests.stores.edge import EdgeIndex

from recollect import AsyncMemory
from recollect.app.tables import tables_of
from recollect.clock import SystemClock
from recollect.ops.backup.repository import open_repository
from recollect.ops.backup.write import back_up
from recollect.stores.beside.index import Point
from recollect.stores.objects.named import place_of
from recollect.stores.redis.cache import RedisCache
from recollect.stores.redis.connect import connect

DIMENSION = 384
LINKS = 2 * 16 * 4
"""Bytes of the links of a vector in an HNSW graph with m = 16: 32 neighbours on the lowest floor."""
ANSWERS, ANSWER = 2000, 1200


def of_file(path: Path) -> dict[str, dict[str, int]]:
    """Return the bytes of each table of a file, its own and those of its indexes."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT m.tbl_name, m.type, sum(d.pgsize)"
            " FROM dbstat d JOIN sqlite_master m ON m.name = d.name GROUP BY 1, 2"
        ).fetchall()
    connection.close()
    found: dict[str, dict[str, int]] = {}
    for table, kind, size in rows:
        found.setdefault(table, {"rows": 0, "indexes": 0})["rows" if kind == "table" else "indexes"] += size
    return found


def of_server(url: str, schema: str) -> dict[str, dict[str, int]]:
    """Return the bytes of each table of a schema, vacuumed: its own (with what is kept apart) and of its indexes."""
    query = (
        "SELECT c.relname, pg_total_relation_size(c.oid) - pg_indexes_size(c.oid), pg_indexes_size(c.oid)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind = 'r'"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        return {name: {"rows": rows, "indexes": more} for name, rows, more in connection.execute(query, [schema])}


async def of_engine(vectors: int) -> dict[str, Any]:
    """Return what Qdrant's own engine takes for random vectors in this process: bytes on disk, milliseconds.

    It searches an unfinished graph exactly until it is told to build it; the build is timed.
    """
    numbers = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        index, took = EdgeIndex(Path(folder)), 0.0
        for start in range(0, vectors, 512):
            rows = numbers.standard_normal((min(512, vectors - start), DIMENSION), np.float32)
            points = [Point(start + at, start + at, at % 50, row.tolist()) for at, row in enumerate(rows)]
            begun = time.perf_counter()
            await index.put("model", DIMENSION, points)
            took += time.perf_counter() - begun
        shard: Any = index.shard("model")
        begun = time.perf_counter()
        await asyncio.to_thread(shard.optimize)
        built = time.perf_counter() - begun
        shard.flush()
        size = sum(path.stat().st_blocks * 512 for path in Path(folder).rglob("*") if path.is_file())
        told = {"bytes": size / vectors, "put_ms": took * 1000 / vectors, "build_ms": built * 1000 / vectors}
        await index.close()
    return {"vectors": vectors, "version": getattr(edge, "__version__", ""), **told}


def by_formula() -> dict[str, int]:
    """Return the bytes that Qdrant needs for a vector with our layout, calculated."""
    keys = 8 + 2 * 24  # its own number, and two keys with their indexes
    return {
        "memory": DIMENSION + 2 * LINKS + keys,  # int8 numbers, a graph over all and one within tenants (payload_m)
        "disk": 4 * DIMENSION + DIMENSION + 2 * LINKS + 2 * keys,
    }


async def in_redis() -> dict[str, float]:
    """Return what Redis takes for a kept answer of a usual length beyond the answer itself."""
    with redis_server() as server:
        client = connect(server.url, timeout=30)
        cache = RedisCache(client, SystemClock(), prefix="bench", room=1 << 30)
        before = int((await client.info("memory"))["used_memory_dataset"])
        for number in range(ANSWERS):
            await cache.set(f"{number:064x}", bytes(ANSWER), ttl=3600)
        after = int((await client.info("memory"))["used_memory_dataset"])
        await cache.aclose()
    return {"answer": ANSWER, "beyond": (after - before) / ANSWERS - ANSWER}


async def backup(home: Path, store: dict[str, Any]) -> dict[str, float]:
    """Back a filled store up, sealed; return seconds and bytes for each memory."""
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncMemory(home, settings={"store": store}, worker=False) as opened:
            repository = open_repository(place_of(folder), "a passphrase of some length", create=True)
            begun = time.perf_counter()
            made = await back_up(opened.app, tables_of(opened.app), repository, lambda *_: None)
            took = time.perf_counter() - begun
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return {"bytes": size / made.memories, "ms": took * 1000 / made.memories}
