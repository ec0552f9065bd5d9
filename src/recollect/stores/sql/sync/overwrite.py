"""Writes a state of a memory that another store has written, over the one here or as a new one, with its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import sqlalchemy as sa

from recollect.merge import LOCAL
from recollect.models import Chunk, EntityType, Memory, Mention, Replica
from recollect.stores.sql.adopt import adopt, write_adopted_relations
from recollect.stores.sql.delete import reword, take_out
from recollect.stores.sql.graph_write import write_mentions
from recollect.stores.sql.row import from_row, select_memory, to_row, to_snapshot
from recollect.stores.sql.schema import change, chunk, conversation, derivation, memory, mention, relation, tenant
from recollect.stores.sql.sync.held import Held
from recollect.stores.sql.tenants import ensure_tenant
from recollect.stores.sql.write import some

Index = Callable[[Replica], Sequence[Chunk]]
"""Gives the chunks of a memory."""

SHOWN: Final = ("text", "title", "speaker", "occurred_at")
"""What the chunks of a memory are made of."""


def bring(connection: sa.Connection, items: Sequence[Replica], index: Index) -> None:
    """Write memories that are not here."""
    for part in some(items):
        rows = [
            {**item.body, "added_at": item.stamp.at, "added_version": item.stamp.version}
            for item in part
            if item.body is not None
        ]
        adopt(connection, rows, {item.id: index(item) for item in part})
        _spans(connection, rows)


def _spans(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let conversations last from their first turn to their last."""
    spans: dict[tuple[str, str, str], tuple[int, int]] = {}
    for row in rows:
        if row["conversation_id"] is not None and row["role"] is not None:
            place, at = (row["user_id"], row["project_id"], row["conversation_id"]), row["occurred_at"]
            first, last = spans.get(place, (at, at))
            spans[place] = (min(first, at), max(last, at))
    for (user, project, name), (first, last) in spans.items():
        owner = (
            sa.select(tenant.c.key).where(tenant.c.user_id == user, tenant.c.project_id == project).scalar_subquery()
        )
        here = sa.and_(conversation.c.tenant == owner, conversation.c.name == name)
        early = sa.update(conversation).where(here, conversation.c.started_at > first).values(started_at=first)
        connection.execute(early)
        connection.execute(sa.update(conversation).where(here, conversation.c.ended_at < last).values(ended_at=last))


def overwrite(connection: sa.Connection, item: Replica, index: Index) -> bool:
    """Put a state in the place of the one that is here, which goes into the history; tell whether its text is new."""
    body = item.body or {}
    row = connection.execute(select_memory().where(memory.c.id == item.id)).mappings().one()
    old = from_row(row)
    owner = ensure_tenant(connection, body["user_id"], body["project_id"])
    verb = "retire" if body["superseded_by"] and not old.superseded_by else "revise"
    entry = {"at": item.stamp.at, "verb": verb, "memory_id": item.id, "version": item.stamp.version}
    entry |= {"memory": row["key"], "tenant": row["tenant"], "before": to_snapshot(old)}
    if owner != row["tenant"] or body["conversation_id"] != old.scope.conversation_id:
        connection.execute(sa.insert(change).values(entry))
        take_out(connection, row["key"], item.id, item.stamp.at)
        bring(connection, [item], index)
        return True
    reworded = any(body[name] != row[name] for name in SHOWN)
    if body["text"] != old.text:
        reword(connection, [item.id], item.stamp.at)
    kept = {name: body[name] for name in to_row(old)}
    connection.execute(sa.update(memory).where(memory.c.key == row["key"]).values(dedupe=body["dedupe"], **kept))
    if reworded:
        connection.execute(sa.delete(chunk).where(chunk.c.memory == row["key"]))
        pieces = [{**asdict(piece), "memory": row["key"], "tenant": owner} for piece in index(item)]
        if pieces:
            connection.execute(sa.insert(chunk), pieces)
    _sources(connection, row["key"], old, body)
    _graph(connection, row["key"], owner, body)
    connection.execute(sa.insert(change).values(entry))
    return reworded


def _sources(connection: sa.Connection, key: int, old: Memory, body: Mapping[str, Any]) -> None:
    if list(old.sources) != body["sources"]:
        connection.execute(sa.delete(derivation).where(derivation.c.memory == key))
        rows = [{"source": source, "memory": key} for source in dict.fromkeys(body["sources"])]
        if rows:
            connection.execute(sa.insert(derivation), rows)


def _graph(connection: sa.Connection, key: int, owner: int, body: Mapping[str, Any]) -> None:
    connection.execute(sa.delete(mention).where(mention.c.memory == key))
    connection.execute(sa.delete(relation).where(relation.c.memory == key))
    write_mentions(connection, {body["id"]: [Mention(name, EntityType(sort)) for name, sort in body["mentions"]]})
    if body["relations"]:
        write_adopted_relations(connection, {key: body}, [{"tenant": owner}], [key])


def note_loser(connection: sa.Connection, here: Held, item: Replica) -> None:
    """Put a state that does not stand into the history, before the one that does; nothing if it is there already."""
    body = item.body or {}
    told = _told(body)
    log = sa.select(change.c.before).where(change.c.memory_id == item.id)
    if any(before is not None and _told(before) == told for before in connection.execute(log).scalars()):
        return
    row = connection.execute(select_memory().where(memory.c.id == item.id)).mappings().one()
    shape = to_snapshot(from_row(row))
    before = {name: body.get(name, value) for name, value in shape.items()} | {"position": shape["position"]}
    entry = {"at": item.stamp.at, "verb": "revise", "memory_id": item.id, "version": here.stamp.version}
    connection.execute(
        sa.insert(change).values({**entry, "memory": row["key"], "tenant": row["tenant"], "before": before})
    )


def _told(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in body.items() if name not in LOCAL and name not in {"dedupe", "superseded_by"}
    }


def end_again(connection: sa.Connection, item: Replica, now: int) -> None:
    """Write once more that a memory is gone, so that whoever still has it is told."""
    body = item.body or {}
    owner = ensure_tenant(connection, body["user_id"], body["project_id"])
    connection.execute(sa.delete(change).where(change.c.memory_id == item.id))
    entry = {"at": now, "verb": "delete", "memory_id": item.id, "memory": 0, "tenant": owner, "version": 0}
    connection.execute(sa.insert(change).values(entry))
