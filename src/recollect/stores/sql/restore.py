"""Takes the lines of an export into the tables; what is there already stays as it is."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from recollect.exchange import Taken
from recollect.models import Chunk, Task
from recollect.stores.postgres.embedding import mirror
from recollect.stores.sql.adopt import adopt, owner_of
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.graph_write import memory_places, write_links
from recollect.stores.sql.lock import TENANT, VECTORS, hold
from recollect.stores.sql.schema import (
    change,
    chunk,
    conversation,
    job,
    memory,
    model,
    usage,
    vector,
)
from recollect.stores.sql.sync.links import ensure_named
from recollect.stores.sql.sync.orders import lift_over
from recollect.stores.sql.write import push_jobs, some

if TYPE_CHECKING:
    from recollect.exchange import Line

OWNED = frozenset({"conversation", "memory", "change"})
"""Lines that name their user and project."""

Rows = Sequence[Mapping[str, Any]]


def restore(connection: sa.Connection, lines: Sequence[Line], chunks: Mapping[str, Sequence[Chunk]], now: int) -> Taken:
    """Write lines in their order; `chunks` are those of each memory by id."""
    if is_postgresql(connection):
        hold(connection, TENANT, {owner_of(connection, row) for sort, row in lines if sort in OWNED})
    new: Counter[str] = Counter()
    known = 0
    writers: Mapping[str, Callable[[Rows], int]] = {
        "conversation": lambda rows: _conversations(connection, rows),
        "memory": lambda rows: adopt(connection, rows, chunks),
        "change": lambda rows: _changes(connection, rows),
        "link": lambda rows: _links(connection, rows),
        "usage": lambda rows: _usage(connection, rows),
        "job": lambda rows: _jobs(connection, rows, now),
        "vector": lambda rows: write_vectors(connection, rows),
    }
    for sort, group in groupby(lines, key=lambda line: line[0]):
        rows = [values for _, values in group]
        written = writers[sort](rows)
        new[sort] += written
        if sort == "memory" and written:
            made = ((row["user_id"], row["project_id"], row["created_at"]) for row in rows)
            lift_over(connection, made, now, ensure_named(connection))
        known += len(rows) - written if sort == "memory" else 0
    return Taken(dict(new), known)


def _conversations(connection: sa.Connection, rows: Rows) -> int:
    new = 0
    for row in rows:
        owner = owner_of(connection, row)
        values = {name: row[name] for name in ("turns", "started_at", "ended_at")}
        here = sa.and_(conversation.c.tenant == owner, conversation.c.name == row["name"])
        old = connection.execute(sa.select(conversation).where(here)).first()
        if old is None:
            new += 1
            connection.execute(sa.insert(conversation).values(tenant=owner, name=row["name"], **values))
            continue
        wider = {
            "turns": max(old.turns, row["turns"]),
            "started_at": min(old.started_at, row["started_at"]),
            "ended_at": max(old.ended_at, row["ended_at"]),
        }
        connection.execute(sa.update(conversation).where(conversation.c.key == old.key).values(wider))
    return new


def _changes(connection: sa.Connection, rows: Rows) -> int:
    """Write changes of memories that are here, up to the version they have here, and deletes of those that are not."""
    ids = sorted({row["memory_id"] for row in rows})
    here: dict[str, tuple[int, int, int]] = {}
    told: set[tuple[str, bool, int]] = set()
    for part in some(ids):
        query = sa.select(memory.c.id, memory.c.key, memory.c.tenant, memory.c.version).where(memory.c.id.in_(part))
        here.update((row.id, (row.key, row.tenant, row.version)) for row in connection.execute(query))
        log = sa.select(change.c.memory_id, change.c.verb, change.c.version).where(change.c.memory_id.in_(part))
        told.update((row.memory_id, row.verb == "delete", row.version) for row in connection.execute(log))
    fresh = []
    for row in rows:
        name, gone = row["memory_id"], row["verb"] == "delete"
        mark = (name, gone, row["version"])
        key, owner, version = here.get(name, (0, 0, -1))
        if mark in told or gone == (name in here) or (not gone and row["version"] > version):
            continue
        told.add(mark)
        columns = {field: row[field] for field in ("at", "verb", "memory_id", "version", "before")}
        fresh.append({**columns, "memory": key, "tenant": owner or owner_of(connection, row)})
    if fresh:
        connection.execute(sa.insert(change), fresh)
    return len(fresh)


def _links(connection: sa.Connection, rows: Rows) -> int:
    write_links(connection, [(row["memory"], row["other"], row["name"]) for row in rows])
    return len(rows)


def _usage(connection: sa.Connection, rows: Rows) -> int:
    """Write what was spent; of equal entries as many as the lines hold."""
    fields = [column.name for column in usage.c if column.name != "key"]
    there: Counter[tuple[Any, ...]] = Counter()
    for part in some(sorted({row["at"] for row in rows})):
        query = sa.select(*[usage.c[name] for name in fields]).where(usage.c.at.in_(part))
        there.update(tuple(row) for row in connection.execute(query))
    fresh = []
    for row in rows:
        mark = tuple(row[name] for name in fields)
        there[mark] -= 1
        if there[mark] < 0:
            fresh.append(dict(row))
    if fresh:
        connection.execute(sa.insert(usage), fresh)
    return len(fresh)


def _jobs(connection: sa.Connection, rows: Rows, now: int) -> int:
    waiting = [(row.name, row.payload) for row in connection.execute(sa.select(job.c.name, job.c.payload))]
    fresh = [Task(row["name"], row["payload"]) for row in rows if (row["name"], row["payload"]) not in waiting]
    push_jobs(connection, fresh, now)
    return len(fresh)


def write_vectors(connection: sa.Connection, rows: Rows) -> int:
    """Write vectors of chunks that still cover the same characters and have none of that model."""
    places = memory_places(connection, {row["memory"] for row in rows})
    pieces = _pieces(connection, [key for key, _ in places.values()])
    models: dict[str, tuple[int, int]] = {}
    wanted: dict[tuple[int, int], dict[str, Any]] = {}
    for row in rows:
        name, code = row["model"], base64.b64decode(row["code"])
        if name not in models:
            models[name] = _model(connection, name, row["dimension"])
        key, dimension = models[name]
        sizes = (4 + dimension, 4 + 2 * dimension)  # in one plane, in two
        if row["memory"] not in places or row["dimension"] != dimension or len(code) not in sizes:
            continue
        place, owner = places[row["memory"]]
        piece = pieces.get((place, row["start"], row["end"]))
        if piece is not None:
            wanted[piece, key] = {"chunk": piece, "model": key, "tenant": owner, "code": code}
    there = _embedded(connection, sorted({piece for piece, _ in wanted}))
    unique = [row for place, row in wanted.items() if place not in there]
    if unique:
        hold(connection, VECTORS, {row["tenant"] for row in unique})
        connection.execute(sa.insert(vector), unique)
        for key, dimension in models.values():
            mirror(connection, key, dimension, [row for row in unique if row["model"] == key])
    return len(unique)


def _pieces(connection: sa.Connection, keys: Sequence[int]) -> dict[tuple[int, int, int], int]:
    """Return the chunks of memories by memory and the characters they cover."""
    found: dict[tuple[int, int, int], int] = {}
    for part in some(keys):
        query = sa.select(chunk.c.memory, chunk.c.start, chunk.c.end, chunk.c.key).where(chunk.c.memory.in_(part))
        found.update(((row.memory, row.start, row.end), row.key) for row in connection.execute(query))
    return found


def _embedded(connection: sa.Connection, chunks: Sequence[int]) -> set[tuple[int, int]]:
    """Return which of these chunks have a vector, each with its model."""
    found: set[tuple[int, int]] = set()
    for part in some(chunks):
        query = sa.select(vector.c.chunk, vector.c.model).where(vector.c.chunk.in_(part))
        found.update((row.chunk, row.model) for row in connection.execute(query))
    return found


def _model(connection: sa.Connection, name: str, dimension: int) -> tuple[int, int]:
    found = connection.execute(sa.select(model.c.key, model.c.dimension).where(model.c.name == name)).first()
    if found is not None:
        return found.key, found.dimension
    made = sa.insert(model).values(name=name, dimension=dimension).returning(model.c.key)
    return int(connection.execute(made).scalar_one()), dimension
