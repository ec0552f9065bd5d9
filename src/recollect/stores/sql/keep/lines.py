"""Memories as the lines of an export, with everything that a deletion takes: to be kept, and taken over again."""

from __future__ import annotations

import base64
import json
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from recollect.errors import StoreDamaged
from recollect.stores.sql.dump import memory_lines
from recollect.stores.sql.schema import change, chunk, conversation, link, memory, model, tenant, vector
from recollect.stores.sql.write import some

if TYPE_CHECKING:
    from recollect.exchange import Line

ORDER = ("conversation", "memory", "change", "link", "vector")
_PART = 100


def lines_of(connection: sa.Connection, keys: Mapping[str, int]) -> dict[str, list[Line]]:
    """Return, by id, the lines of memories (id to key): what `restore` makes them of again, history and all."""
    found: dict[str, list[Line]] = defaultdict(list)
    for part in some(list(keys.items()), _PART):
        _add(connection, dict(part), found)
    return found


def close(lines: Sequence[Line], **more: Any) -> bytes:
    """Return lines as they lie in the waste."""
    content = json.dumps({"lines": lines, **more}, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(content.encode("utf-8", "surrogatepass"))


def open_(body: bytes) -> dict[str, Any]:
    """Return what was closed; raise StoreDamaged."""
    try:
        found: dict[str, Any] = json.loads(zlib.decompress(body).decode("utf-8", "surrogatepass"))
    except (ValueError, zlib.error) as error:
        raise StoreDamaged("Something in the waste is damaged", hint="Restore a backup.") from error
    return found


def in_order(bodies: Sequence[dict[str, Any]]) -> list[Line]:
    """Return the lines of several memories in the order they can be taken in."""
    every = [(str(sort), values) for body in bodies for sort, values in body["lines"]]
    return [line for sort in ORDER for line in every if line[0] == sort]


def _add(connection: sa.Connection, keys: Mapping[str, int], found: dict[str, list[Line]]) -> None:
    names = {key: name for name, key in keys.items()}
    made = {line["id"]: line for line in memory_lines(connection, list(names)).values()}
    for row in connection.execute(_talks(list(names))).mappings():
        values = dict(row)
        found[names[values.pop("key")]].append(("conversation", values))
    for row in connection.execute(_log(list(keys))).mappings():
        name = row["memory_id"]
        if row["verb"] == "add":
            times = {"added_at": row["at"], "added_version": row["version"]}
            found[name].append(("memory", {**made[name], **times}))
        else:
            wanted = ("at", "verb", "memory_id", "version", "user_id", "project_id", "before")
            found[name].append(("change", {field: row[field] for field in wanted}))
    for tie in connection.execute(_links(list(names))):
        for key in {tie.key, tie.other_key} & names.keys():
            found[names[key]].append(("link", {"memory": tie.memory, "other": tie.other, "name": tie.name}))
    for row in connection.execute(_vectors(list(names))).mappings():
        code = base64.b64encode(bytes(row["code"])).decode("ascii")
        found[row["memory"]].append(("vector", {**row, "code": code}))


def _talks(keys: Sequence[int]) -> sa.Select[Any]:
    return (
        sa.select(
            memory.c.key,
            tenant.c.user_id,
            tenant.c.project_id,
            conversation.c.name,
            conversation.c.turns,
            conversation.c.started_at,
            conversation.c.ended_at,
        )
        .select_from(
            memory.join(conversation, memory.c.conversation == conversation.c.key).join(
                tenant, conversation.c.tenant == tenant.c.key
            )
        )
        .where(memory.c.key.in_(keys))
    )


def _log(ids: Sequence[str]) -> sa.Select[Any]:
    query = sa.select(change, tenant.c.user_id, tenant.c.project_id).join(tenant, change.c.tenant == tenant.c.key)
    return query.where(change.c.memory_id.in_(ids), change.c.verb != "delete").order_by(change.c.seq)


def _links(keys: Sequence[int]) -> sa.Select[Any]:
    other = memory.alias("other")
    return (
        sa.select(
            memory.c.id.label("memory"),
            other.c.id.label("other"),
            link.c.name,
            memory.c.key,
            other.c.key.label("other_key"),
        )
        .select_from(link.join(memory, link.c.memory == memory.c.key).join(other, link.c.other == other.c.key))
        .where(sa.or_(link.c.memory.in_(keys), link.c.other.in_(keys)))
    )


def _vectors(keys: Sequence[int]) -> sa.Select[Any]:
    columns = (chunk.c.start, chunk.c.end, model.c.name.label("model"), model.c.dimension, vector.c.code)
    return (
        sa.select(memory.c.id.label("memory"), *columns)
        .select_from(
            chunk.join(memory, chunk.c.memory == memory.c.key)
            .join(vector, vector.c.chunk == chunk.c.key)
            .join(model, vector.c.model == model.c.key)
        )
        .where(chunk.c.memory.in_(keys))
        .order_by(vector.c.seq)
    )
