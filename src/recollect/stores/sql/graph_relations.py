"""Relations as rows: when they hold, whose they are, and how they are counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from recollect.models import Relation
from recollect.stores.sql.row import micros, moment
from recollect.stores.sql.schema import entity, memory, relation

# A relation holds as long as what says so.
BEGUN = sa.func.coalesce(relation.c.valid_from, memory.c.valid_from)
ENDED = sa.func.coalesce(relation.c.valid_to, memory.c.valid_to)

subject, other = entity.alias("subject"), entity.alias("other")
WEIGHT = sa.func.count(relation.c.memory.distinct()).label("weight")


def holding(
    at: datetime | None, begun: sa.ColumnElement[Any] = BEGUN, ended: sa.ColumnElement[Any] = ENDED
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of what was said to hold at a time; none without one."""
    if at is None:
        return []
    when = micros(at)
    return [sa.or_(begun.is_(None), begun <= when), sa.or_(ended.is_(None), ended > when)]


def counted(tenants: Sequence[int], at: datetime | None, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Return the relations of tenants, each counted once with the memories that say so; the strongest first.

    They are told apart by their names and by `columns`, which come after the rest.
    """
    # One that anything still says has not ended.
    over = sa.case((sa.func.count(ENDED) == sa.func.count(), sa.func.max(ENDED)))
    names = (subject.c.name, relation.c.predicate, other.c.name)
    return (
        sa.select(
            subject.c.name.label("subject"),
            relation.c.predicate,
            other.c.name.label("object"),
            WEIGHT,
            sa.func.min(BEGUN).label("valid_from"),
            over.label("valid_to"),
            *columns,
        )
        .join(memory, relation.c.memory == memory.c.key)
        .join(subject, relation.c.subject == subject.c.key)
        .join(other, relation.c.object == other.c.key)
        .where(subject.c.tenant.in_(tenants), *holding(at))
        .group_by(*names, *columns)
        .order_by(WEIGHT.desc(), *names)
    )


def relations(rows: Iterable[sa.Row[Any]]) -> list[Relation]:
    """Return rows of `counted` as relations."""
    return [
        Relation(
            row.subject,
            row.predicate,
            row.object,
            row.weight,
            None if row.valid_from is None else moment(row.valid_from),
            None if row.valid_to is None else moment(row.valid_to),
        )
        for row in rows
    ]
