"""Moving a project's memories under another id: keys and history stay, and each move is a change of its own."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.erase import set_summary, summaries, tenants_of
from recollect.stores.sql.row import from_row, select_memory, to_snapshot
from recollect.stores.sql.schema import (
    box,
    change,
    chunk,
    conversation,
    entity,
    member,
    memory,
    mention,
    project_grant,
    relation,
    telling,
    tenant,
    token,
    usage,
    vector,
    waste,
)
from recollect.stores.sql.sync.links import ensure_named
from recollect.stores.sql.sync.orders import lift

RUN = 500
"""Rows read and written at a time."""

_CHUNK = sa.insert(chunk).returning(chunk.c.key, sort_by_parameter_order=True)


def move(connection: sa.Connection, source: str, target: str, now: int) -> int:
    """Move every memory of `source` to `target`; return how many."""
    moved = 0
    lift(connection, target, now, ensure_named(connection))
    for old in tenants_of(connection, source):
        user = connection.execute(sa.select(tenant.c.user_id).where(tenant.c.key == old)).scalar_one()
        there = sa.and_(tenant.c.user_id == user, tenant.c.project_id == target)
        new = connection.execute(sa.select(tenant.c.key).where(there)).scalar()
        moved += _note(connection, old, now)
        if new is None:
            connection.execute(sa.update(tenant).where(tenant.c.key == old).values(project_id=target))
        else:
            _join(connection, old, int(new))
    for key, talks in summaries(connection):
        after = [[talk[0], target, talk[2]] if talk[1] == source else talk for talk in talks]
        set_summary(connection, key, talks, after)
    for table in (usage, telling):
        connection.execute(sa.update(table).where(table.c.project_id == source).values(project_id=target))
    return moved


def move_people(connection: sa.Connection, source: str, target: str) -> None:
    """Have members, grants and tokens name the new id."""
    for table in (member, project_grant):
        connection.execute(sa.update(table).where(table.c.project_id == source).values(project_id=target))
    for row in connection.execute(sa.select(token.c.key, token.c.rights).where(token.c.rights.is_not(None))).all():
        if source in row.rights:
            rights = {target if name == source else name: right for name, right in row.rights.items()}
            connection.execute(sa.update(token).where(token.c.key == row.key).values(rights=rights))


def _note(connection: sa.Connection, old: int, now: int) -> int:
    """Make each memory of a tenant a new version, so that listeners, nodes and whatever is held in memory see it."""
    last, moved = 0, 0
    while True:
        query = select_memory().where(memory.c.tenant == old, memory.c.key > last).order_by(memory.c.key).limit(RUN)
        rows = connection.execute(query).mappings().all()
        if not rows:
            return moved
        last = rows[-1]["key"]
        moved += len(rows)
        keys = [row["key"] for row in rows]
        connection.execute(sa.update(memory).where(memory.c.key.in_(keys)).values(version=memory.c.version + 1))
        connection.execute(
            sa.insert(change),
            [
                {
                    "at": now,
                    "verb": "revise",
                    "memory_id": row["id"],
                    "memory": row["key"],
                    "tenant": old,
                    "version": row["version"] + 1,
                    "before": to_snapshot(from_row(row)),
                }
                for row in rows
            ],
        )


def _join(connection: sa.Connection, old: int, new: int) -> None:
    """Make two tenants of one user one."""
    _join_conversations(connection, old, new)
    _join_entities(connection, old, new)
    for table in (memory, change, waste, box):
        connection.execute(sa.update(table).where(table.c.tenant == old).values(tenant=new))
    _join_chunks(connection, old, new)
    connection.execute(sa.delete(tenant).where(tenant.c.key == old))


def _join_conversations(connection: sa.Connection, old: int, new: int) -> None:
    """Hand conversations over; of two with one name the turns of the one that moves come after the other's."""
    for talk in connection.execute(sa.select(conversation).where(conversation.c.tenant == old)).all():
        here = sa.and_(conversation.c.tenant == new, conversation.c.name == talk.name)
        same = connection.execute(sa.select(conversation).where(here)).first()
        own = conversation.c.key == talk.key
        if same is None:
            connection.execute(sa.update(conversation).where(own).values(tenant=new))
            continue
        inside = memory.c.conversation == talk.key
        shifted = sa.update(memory).where(inside, memory.c.position > 0)
        connection.execute(shifted.values(position=memory.c.position + same.turns))
        connection.execute(sa.update(memory).where(inside).values(conversation=same.key))
        both = {
            "turns": same.turns + talk.turns,
            "started_at": min(same.started_at, talk.started_at),
            "ended_at": max(same.ended_at, talk.ended_at),
        }
        connection.execute(sa.update(conversation).where(conversation.c.key == same.key).values(both))
        connection.execute(sa.delete(conversation).where(own))


def _join_entities(connection: sa.Connection, old: int, new: int) -> None:
    """Hand entities over; of two with one name what is said of either is said of the one that stays."""
    for item in connection.execute(sa.select(entity).where(entity.c.tenant == old)).all():
        here = sa.and_(entity.c.tenant == new, entity.c.folded == item.folded)
        same = connection.execute(sa.select(entity.c.key).where(here)).scalar()
        if same is None:
            connection.execute(sa.update(entity).where(entity.c.key == item.key).values(tenant=new))
            continue
        connection.execute(sa.update(mention).where(mention.c.entity == item.key).values(entity=same))
        for column in ("subject", "object"):
            told = relation.c[column] == item.key
            connection.execute(sa.update(relation).where(told).values({column: same}))
        connection.execute(sa.delete(entity).where(entity.c.key == item.key))


def _join_chunks(connection: sa.Connection, old: int, new: int) -> None:
    """Write chunks and vectors anew under new numbers: the word index has their tenant in it."""
    while True:
        query = sa.select(chunk).where(chunk.c.tenant == old).order_by(chunk.c.key).limit(RUN)
        rows = connection.execute(query).mappings().all()
        if not rows:
            return
        keys = [row["key"] for row in rows]
        vectors = connection.execute(sa.select(vector).where(vector.c.chunk.in_(keys)).order_by(vector.c.seq)).all()
        connection.execute(sa.delete(chunk).where(chunk.c.key.in_(keys)))
        fresh = [{**{name: row[name] for name in row if name != "key"}, "tenant": new} for row in rows]
        made = connection.execute(_CHUNK, fresh).scalars().all()
        now = dict(zip(keys, made, strict=True))
        if vectors:
            again = [{"chunk": now[row.chunk], "model": row.model, "tenant": new, "code": row.code} for row in vectors]
            connection.execute(sa.insert(vector), again)
