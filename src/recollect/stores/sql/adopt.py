"""Takes memories of an export into the tables: each with its chunks, its first change, what it mentions and relates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from recollect.models import Chunk, EntityType, Mention
from recollect.stores.sql.dialect import insert_new
from recollect.stores.sql.graph_write import ensure_entities, fold, write_mentions
from recollect.stores.sql.schema import change, chunk, conversation, derivation, memory, relation
from recollect.stores.sql.tenants import ensure_tenant
from recollect.stores.sql.write import chunk_row, some

Rows = Sequence[Mapping[str, Any]]

# Built once: every page runs them, and building a statement costs as much as running it.
_TALK = sa.select(conversation.c.key).where(
    conversation.c.tenant == sa.bindparam("owner"), conversation.c.name == sa.bindparam("called")
)
_HIGHEST = sa.select(sa.func.max(memory.c.position)).where(memory.c.conversation == sa.bindparam("which"))
_STANDING = sa.select(memory.c.position).where(
    memory.c.conversation == sa.bindparam("which"), memory.c.position.in_(sa.bindparam("places", expanding=True))
)
_LONGER = (
    sa.update(conversation)
    .where(conversation.c.key == sa.bindparam("which"), conversation.c.turns < sa.bindparam("last"))
    .values(turns=sa.bindparam("last"))
)

_COLUMNS = frozenset(column.name for column in memory.c) - {"key", "tenant", "conversation"}


def owner_of(connection: sa.Connection, row: Mapping[str, Any]) -> int:
    """Return the tenant of a line, made if it is new."""
    return ensure_tenant(connection, *_tenant_of(row))


def _tenant_of(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["user_id"], row["project_id"]


def adopt(connection: sa.Connection, rows: Rows, chunks: Mapping[str, Sequence[Chunk]]) -> int:
    """Insert the memories that are not there, each with its first change, chunks, mentions and relations."""
    fresh = _unknown(connection, rows)
    if not fresh:
        return 0
    owners = {name: ensure_tenant(connection, *name) for name in dict.fromkeys(map(_tenant_of, fresh))}
    owned = [(owners[_tenant_of(row)], row) for row in fresh]
    talks = _Talks(connection, owned)
    values = []
    for owner, row in owned:
        talk, position = talks.place(owner, row)
        kept = {name: row[name] for name in _COLUMNS}
        values.append({**kept, "tenant": owner, "conversation": talk, "position": position})
    talks.close()
    made = sa.insert(memory).returning(memory.c.key, sort_by_parameter_order=True)
    keys = list(connection.execute(made, values).scalars())
    pieces = [
        chunk_row(key, row["tenant"], piece)
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
    write_adopted_relations(
        connection, {key: row for key, row in zip(keys, fresh, strict=True) if row["relations"]}, values, keys
    )
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
    """Finds the conversations of memories, and positions there that nobody has: a few statements a conversation."""

    def __init__(self, connection: sa.Connection, owned: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        self._connection = connection
        self._wished: dict[tuple[int, str], list[int]] = {}
        for owner, row in owned:
            if row["conversation_id"] is not None:
                self._wished.setdefault((owner, row["conversation_id"]), []).append(row["position"])
        self._keys: dict[tuple[int, str], int] = {}
        self._taken: dict[int, set[int]] = {}
        self._last: dict[int, int] = {}

    def place(self, owner: int, row: Mapping[str, Any]) -> tuple[int | None, int]:
        """Return (conversation, position); the position is the memory's own unless another memory stands there."""
        name, position = row["conversation_id"], row["position"]
        if name is None:
            return None, position
        if (owner, name) not in self._keys:
            self._keys[owner, name] = self._open(owner, name, row["occurred_at"])
        talk = self._keys[owner, name]
        if position and position in self._taken[talk]:
            position = self._last[talk] + 1
        self._taken[talk].add(position)
        self._last[talk] = max(self._last[talk], position)
        return talk, position

    def close(self) -> None:
        """Write back how long each conversation has become."""
        if self._last:
            self._connection.execute(_LONGER, [{"which": talk, "last": last} for talk, last in self._last.items()])

    def _open(self, owner: int, name: str, at: int) -> int:
        """Return the key of a conversation, made if it is new, once it is known which of its positions are taken."""
        found = self._connection.execute(_TALK, {"owner": owner, "called": name}).scalar()
        if found is None:
            values = {"tenant": owner, "name": name, "turns": 0, "started_at": at, "ended_at": at}
            made = sa.insert(conversation).values(values).returning(conversation.c.key)
            found = self._connection.execute(made).scalar_one()
        talk = int(found)
        self._last[talk] = last = int(self._connection.execute(_HIGHEST, {"which": talk}).scalar() or 0)
        taken: set[int] = set()
        for part in some([position for position in self._wished[owner, name] if position <= last]):
            taken.update(self._connection.execute(_STANDING, {"which": talk, "places": part}).scalars())
        self._taken[talk] = taken
        return talk


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


def write_adopted_relations(
    connection: sa.Connection, rows: Mapping[int, Mapping[str, Any]], values: Rows, keys: Sequence[int]
) -> None:
    """Note what memories relate, each under its key; `values` holds their tenants in the order of `keys`."""
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
        insert_new(relation),
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
