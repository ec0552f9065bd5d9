"""Counting: conversations and statistics."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from recollect.exchange import Census
from recollect.models import Conversation, JobState, Kind, Reach, Stats
from recollect.stores.sql import schema
from recollect.stores.sql.dialect import category_of, day_of, is_postgresql
from recollect.stores.sql.row import micros, moment
from recollect.stores.sql.schema import chunk, conversation, entity, job, memory, tenant, usage, vector
from recollect.stores.sql.tenants import tenants_in
from recollect.stores.sql.where import reach_conditions


def conversations(connection: sa.Connection, reach: Reach, limit: int) -> list[Conversation]:
    """Return conversations with their counts, titles and summaries, the latest first."""
    latest = (
        sa.select(memory.c.conversation, sa.func.max(memory.c.key).label("key"))
        .where(memory.c.kind == Kind.SUMMARY)
        .group_by(memory.c.conversation)
        .subquery()
    )
    told = memory.alias("told")
    turns = sa.select(sa.func.count()).where(memory.c.conversation == conversation.c.key, memory.c.position > 0)
    query = (
        sa.select(
            conversation,
            tenant.c.user_id,
            tenant.c.project_id,
            turns.scalar_subquery().label("counted"),
            told.c.text.label("summary"),
            told.c.title.label("title"),
        )
        .join(tenant, conversation.c.tenant == tenant.c.key)
        .outerjoin(latest, latest.c.conversation == conversation.c.key)
        .outerjoin(told, told.c.key == latest.c.key)
        .where(conversation.c.tenant.in_(tenants_in(connection, reach)))
        .order_by(conversation.c.ended_at.desc(), conversation.c.key.desc())
        .limit(limit)
    )
    if reach.conversation_id is not None:
        query = query.where(conversation.c.name == reach.conversation_id)
    return [
        Conversation(
            row.name,
            row.user_id,
            row.project_id,
            row.counted,
            moment(row.started_at),
            moment(row.ended_at),
            row.title,
            row.summary,
        )
        for row in connection.execute(query)
    ]


def oldest_job(connection: sa.Connection) -> datetime | None:
    """Return since when the oldest job that may be done has waited for a worker; `None` where none waits."""
    query = sa.select(sa.func.min(job.c.run_at)).where(job.c.state == JobState.READY)
    found = connection.execute(query).scalar()
    return None if found is None else moment(found)


def stats(connection: sa.Connection, reach: Reach, model: str) -> Stats:
    """Count memories, chunks with a vector, entities and jobs."""
    inside = reach_conditions(connection, reach)
    tenants = tenants_in(connection, reach)

    def counted(column: Any) -> dict[str, int]:
        query = sa.select(column, sa.func.count()).where(*inside).group_by(column).order_by(column)
        return {str(name): int(count) for name, count in connection.execute(query).all()}

    def count(query: sa.Select[Any]) -> int:
        return int(connection.execute(query).scalar_one())

    by_kind = counted(memory.c.kind)
    embedded = (
        sa.select(sa.func.count())
        .select_from(vector.join(schema.model, vector.c.model == schema.model.c.key))
        .where(vector.c.tenant.in_(tenants), schema.model.c.name == model)
    )
    if reach.conversation_id is not None or reach.agent_id is not None:
        embedded = embedded.join(chunk, vector.c.chunk == chunk.c.key).join(memory, chunk.c.memory == memory.c.key)
        embedded = embedded.where(*inside)
    return Stats(
        memories=sum(by_kind.values()),
        conversations=count(sa.select(sa.func.count(memory.c.conversation.distinct())).where(*inside)),
        entities=count(sa.select(sa.func.count()).select_from(entity).where(entity.c.tenant.in_(tenants))),
        by_kind=by_kind,
        by_day=counted(day_of(memory.c.occurred_at)),
        by_category=counted(category_of(memory.c.metadata)),
        by_tier=counted(memory.c.tier),
        embedded=count(embedded),
        waiting=count(sa.select(sa.func.count()).select_from(job).where(job.c.state != "parked")),
        parked=count(sa.select(sa.func.count()).select_from(job).where(job.c.state == "parked")),
    )


def census(connection: sa.Connection, since: datetime) -> Census:
    """Count everything, over all tenants."""
    kinds = connection.execute(sa.select(memory.c.kind, sa.func.count()).group_by(memory.c.kind)).all()
    latest = sa.case((conversation.c.ended_at >= micros(since), 1), else_=0)
    talks = connection.execute(
        sa.select(sa.func.count(), sa.func.sum(latest), sa.func.sum(conversation.c.turns)).select_from(conversation)
    ).one()
    spent = connection.execute(
        sa.select(sa.func.sum(usage.c.tokens_in + usage.c.tokens_out), sa.func.sum(usage.c.cost)).where(
            usage.c.outcome.in_(("answered", "failed"))
        )
    )
    tokens, cost = spent.one()
    return Census(
        kinds={str(kind): int(number) for kind, number in kinds},
        vectors=int(connection.execute(sa.select(sa.func.count()).select_from(vector)).scalar_one()),
        conversations=int(talks[0]),
        active=int(talks[1] or 0),
        turns=int(talks[2] or 0),
        tokens=int(tokens or 0),
        cost=float(cost or 0.0),
        size=_size(connection),
    )


def _size(connection: sa.Connection) -> int:
    """Return the bytes that the database takes."""
    if is_postgresql(connection):
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
    pages, page = (
        int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()) for name in ("page_count", "page_size")
    )
    return pages * page
