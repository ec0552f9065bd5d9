"""Takes the lines of an export into the tables; what is there already stays as it is."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from recollect.models import Chunk, EntityType, Mention, Task
from recollect.ports import Taken
from recollect.stores.sql.graph_write import ensure_entities, fold, memory_places, write_links, write_mentions
from recollect.stores.sql.schema import (
    change,
    chunk,
    conversation,
    derivation,
    job,
    memory,
    model,
    relation,
    usage,
    vector,
)
from recollect.stores.sql.tenants import ensure_tenant
from recollect.stores.sql.write import push_jobs, some

if TYPE_CHECKING:
    from recollect.ports import Line

Rows = Sequence[Mapping[str, Any]]

_COLUMNS = frozenset(column.name for column in memory.c) - {"key", "tenant", "conversation"}


def restore(connection: sa.Connection, lines: Sequence[Line], chunks: Mapping[str, Sequence[Chunk]], now: int) -> Taken:
    """Write lines in their order; `chunks` are those of each memory by id."""
    new: Counter[str] = Counter()
    known = 0
    writers: Mapping[str, Callable[[Rows], int]] = {
        "conversation": lambda rows: _conversations(connection, rows),
        "memory": lambda rows: _memories(connection, rows, chunks),
        "change": lambda rows: _changes(connection, rows),
        "link": lambda rows: _links(connection, rows),
        "usage": lambda rows: _usage(connection, rows),
        "job": lambda rows: _jobs(connection, rows, now),
        "vector": lambda rows: _vectors(connection, rows),
    }
    for sort, group in groupby(lines, key=lambda line: line[0]):
        rows = [values for _, values in group]
        written = writers[sort](rows)
        new[sort] += written
        known += len(rows) - written if sort == "memory" else 0
    return Taken(dict(new), known)


def _owner(connection: sa.Connection, row: Mapping[str, Any]) -> int:
    return ensure_tenant(connection, row["user_id"], row["project_id"])


def _conversations(connection: sa.Connection, rows: Rows) -> int:
    new = 0
    for row in rows:
        owner = _owner(connection, row)
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


def _memories(connection: sa.Connection, rows: Rows, chunks: Mapping[str, Sequence[Chunk]]) -> int:
    """Insert the memories that are not there, each with its first change, chunks, mentions and relations."""
    fresh = _unknown(connection, rows)
    if not fresh:
        return 0
    talks = _Talks(connection)
    values = []
    for row in fresh:
        owner = _owner(connection, row)
        talk, position = talks.place(owner, row)
        kept = {name: row[name] for name in _COLUMNS}
        values.append({**kept, "tenant": owner, "conversation": talk, "position": position})
    made = sa.insert(memory).returning(memory.c.key, sort_by_parameter_order=True)
    keys = list(connection.execute(made, values).scalars())
    pieces = [
        {**asdict(piece), "memory": key, "tenant": row["tenant"]}
        for key, row in zip(keys, values, strict=True)
        for piece in chunks[row["id"]]
    ]
    if pieces:
        connection.execute(sa.insert(chunk), pieces)
    sources = [
        {"source": source, "memory": key}
        for key, row in zip(keys, values, strict=True)
        for source in dict.fromkeys(row["sources"])
    ]
    if sources:
        connection.execute(sa.insert(derivation), sources)
    _added(connection, fresh, values, keys)
    write_mentions(
        connection, {row["id"]: [Mention(name, EntityType(sort)) for name, sort in row["mentions"]] for row in fresh}
    )
    _relations(connection, {key: row for key, row in zip(keys, fresh, strict=True) if row["relations"]}, values, keys)
    return len(fresh)


def _unknown(connection: sa.Connection, rows: Rows) -> list[Mapping[str, Any]]:
    """Return the rows of which neither id nor key is there, each once."""
    ids: set[str] = set()
    keys: set[str] = set()
    for part in some(rows, 400):
        query = sa.select(memory.c.id, memory.c.dedupe).where(
            sa.or_(memory.c.id.in_([row["id"] for row in part]), memory.c.dedupe.in_([row["dedupe"] for row in part]))
        )
        for found in connection.execute(query):
            ids.add(found.id)
            keys.add(found.dedupe)
    fresh = []
    for row in rows:
        if row["id"] not in ids and row["dedupe"] not in keys:
            ids.add(row["id"])
            keys.add(row["dedupe"])
            fresh.append(row)
    return fresh


class _Talks:
    """Finds the conversation of a memory, and a position there that nobody has."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._keys: dict[tuple[int, str], int] = {}
        self._given: set[tuple[int, int]] = set()

    def place(self, owner: int, row: Mapping[str, Any]) -> tuple[int | None, int]:
        """Return (conversation, position); the position is the memory's own unless another memory stands there."""
        name, position = row["conversation_id"], row["position"]
        if name is None:
            return None, position
        talk = self._key(owner, name, row["occurred_at"])
        if position and self._taken(talk, position):
            highest = sa.select(sa.func.max(memory.c.position)).where(memory.c.conversation == talk)
            given = max((place for key, place in self._given if key == talk), default=0)
            position = max(self._connection.execute(highest).scalar() or 0, given) + 1
        self._given.add((talk, position))
        longer = sa.update(conversation).where(conversation.c.key == talk, conversation.c.turns < position)
        self._connection.execute(longer.values(turns=position))
        return talk, position

    def _taken(self, talk: int, position: int) -> bool:
        if (talk, position) in self._given:
            return True
        query = sa.select(memory.c.key).where(memory.c.conversation == talk, memory.c.position == position)
        return self._connection.execute(query.limit(1)).first() is not None

    def _key(self, owner: int, name: str, at: int) -> int:
        if (owner, name) not in self._keys:
            query = sa.select(conversation.c.key).where(conversation.c.tenant == owner, conversation.c.name == name)
            found = self._connection.execute(query).scalar()
            if found is None:
                values = {"tenant": owner, "name": name, "turns": 0, "started_at": at, "ended_at": at}
                made = sa.insert(conversation).values(values).returning(conversation.c.key)
                found = self._connection.execute(made).scalar_one()
            self._keys[owner, name] = int(found)
        return self._keys[owner, name]


def _added(connection: sa.Connection, rows: Rows, values: Rows, keys: Sequence[int]) -> None:
    """Write the first change of new memories; a delete of the same id is no longer true."""
    for part in some([row["id"] for row in rows]):
        connection.execute(sa.delete(change).where(change.c.memory_id.in_(part), change.c.verb == "delete"))
    connection.execute(
        sa.insert(change),
        [
            {
                "at": row["added_at"],
                "verb": "add",
                "memory_id": row["id"],
                "memory": key,
                "tenant": value["tenant"],
                "version": row["added_version"],
                "before": None,
            }
            for key, row, value in zip(keys, rows, values, strict=True)
        ],
    )


def _relations(
    connection: sa.Connection, rows: Mapping[int, Mapping[str, Any]], values: Rows, keys: Sequence[int]
) -> None:
    owners = {key: value["tenant"] for key, value in zip(keys, values, strict=True)}
    named = {
        (owners[key], fold(name)): Mention(name, EntityType(sort))
        for key, row in rows.items()
        for one, its, _, other, others, *_ in row["relations"]
        for name, sort in ((one, its), (other, others))
    }
    if not named:
        return
    entities = ensure_entities(connection, named)
    connection.execute(
        sa.insert(relation).prefix_with("OR IGNORE", dialect="sqlite"),
        [
            {
                "subject": entities[owners[key], fold(one)],
                "predicate": predicate,
                "object": entities[owners[key], fold(other)],
                "memory": key,
                "valid_from": start,
                "valid_to": end,
            }
            for key, row in rows.items()
            for one, _, predicate, other, _, start, end in row["relations"]
        ],
    )


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
        fresh.append({**columns, "memory": key, "tenant": owner or _owner(connection, row)})
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


def _vectors(connection: sa.Connection, rows: Rows) -> int:
    """Write vectors of chunks that still cover the same characters and have none of that model."""
    places = memory_places(connection, {row["memory"] for row in rows})
    models: dict[str, tuple[int, int]] = {}
    fresh = []
    for row in rows:
        name, code = row["model"], base64.b64decode(row["code"])
        if name not in models:
            models[name] = _model(connection, name, row["dimension"])
        key, dimension = models[name]
        if row["memory"] not in places or row["dimension"] != dimension or len(code) != 4 + 2 * dimension:
            continue
        owner = places[row["memory"]]
        bare = ~sa.exists().where(vector.c.chunk == chunk.c.key, vector.c.model == key)
        span = sa.and_(chunk.c.start == row["start"], chunk.c.end == row["end"])
        found = connection.execute(sa.select(chunk.c.key).where(chunk.c.memory == owner[0], span, bare)).scalar()
        if found is not None:
            fresh.append({"chunk": found, "model": key, "tenant": owner[1], "code": code})
    unique = list({(row["chunk"], row["model"]): row for row in fresh}.values())
    if unique:
        connection.execute(sa.insert(vector), unique)
    return len(unique)


def _model(connection: sa.Connection, name: str, dimension: int) -> tuple[int, int]:
    found = connection.execute(sa.select(model.c.key, model.c.dimension).where(model.c.name == name)).first()
    if found is not None:
        return found.key, found.dimension
    made = sa.insert(model).values(name=name, dimension=dimension).returning(model.c.key)
    return int(connection.execute(made).scalar_one()), dimension
