"""What a policy meets, and what of it is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

import sqlalchemy as sa

from recollect.models import Compare, Kind, Measure, Op, Outlook, Policy, Status, Tier
from recollect.stores.sql.dialect import byte_length
from recollect.stores.sql.json_path import json_path
from recollect.stores.sql.row import from_row, micros, moment, select_memory
from recollect.stores.sql.schema import conversation, derivation, link, memory, project, shelved, tenant
from recollect.stores.sql.where import condition

SHELVING: Final = (Measure.WARM, Measure.COLD, Measure.SUMMARISE)
SAMPLE: Final = 5
PROJECTS: Final = 20
NEAR: Final = "near"
"""The name of the link between two facts or notes that say nearly the same."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A policy at a moment. `files` names clients whose memories are files, which are nobody's but theirs.

    A conversation of `fewest` turns has a summary, or will have one before its turns are put away.
    """

    policy: Policy
    now: datetime
    files: Sequence[str] = ()
    fewest: int = 0


def candidates(connection: sa.Connection, meeting: Meeting, after: int, limit: int) -> list[int]:
    """Return the keys of the next memories that a policy is to do something with, in the order they were written."""
    query = sa.select(memory.c.key).where(*_met(connection, meeting), memory.c.key > after)
    if meeting.policy.action is Measure.SUMMARISE:
        query = query.where(summed())
    query = query.where(_spared(connection, meeting) == "").order_by(memory.c.key).limit(limit)
    return list(connection.execute(query).scalars())


def still(connection: sa.Connection, meeting: Meeting, keys: Sequence[int]) -> list[int]:
    """Return which of these the policy still meets."""
    query = sa.select(memory.c.key).where(*_met(connection, meeting), memory.c.key.in_(keys))
    return list(connection.execute(query.where(_spared(connection, meeting) == "").order_by(memory.c.key)).scalars())


def outlook(connection: sa.Connection, meeting: Meeting) -> Outlook:
    """Return what a policy would do."""
    why = _spared(connection, meeting)
    size = byte_length(memory.c.text)
    found = (
        sa.select(
            memory.c.key, memory.c.kind, memory.c.occurred_at, tenant.c.project_id, size.label("size"), why.label("why")
        )
        .join(tenant, memory.c.tenant == tenant.c.key)
        .where(*_met(connection, meeting))
        .subquery()
    )
    free = found.c.why == ""
    count = sa.func.count()
    ends = (sa.func.min(found.c.occurred_at), sa.func.max(found.c.occurred_at))
    total = connection.execute(sa.select(count, sa.func.sum(found.c.size), *ends).where(free)).one()
    kinds = connection.execute(sa.select(found.c.kind, count).where(free).group_by(found.c.kind))
    named = sa.select(found.c.project_id, count).where(free).group_by(found.c.project_id)
    projects = connection.execute(named.order_by(count.desc(), found.c.project_id).limit(PROJECTS))
    kept = connection.execute(sa.select(found.c.why, count).where(~free).group_by(found.c.why))
    keys = sa.select(found.c.key).where(free).order_by(found.c.key).limit(SAMPLE)
    rows = connection.execute(select_memory().where(memory.c.key.in_(keys)).order_by(memory.c.key)).mappings()
    return Outlook(
        meeting.policy,
        int(total[0]),
        int(total[1] or 0),
        {str(name): int(number) for name, number in kinds},
        {str(name): int(number) for name, number in projects},
        None if total[2] is None else moment(total[2]),
        None if total[3] is None else moment(total[3]),
        {str(name): int(number) for name, number in kept},
        tuple(from_row(row) for row in rows),
    )


def unsummed(connection: sa.Connection, meeting: Meeting, after: int, limit: int) -> list[Any]:
    """Return conversations (key, user, project, name) with turns that a policy meets and that no summary tells of."""
    query = (
        sa.select(conversation.c.key, tenant.c.user_id, tenant.c.project_id, conversation.c.name)
        .select_from(
            memory.join(conversation, memory.c.conversation == conversation.c.key).join(
                tenant, conversation.c.tenant == tenant.c.key
            )
        )
        .where(*_met(connection, meeting), ~summed(), conversation.c.turns >= meeting.fewest)
        .where(conversation.c.key > after)
        .distinct()
        .order_by(conversation.c.key)
        .limit(limit)
    )
    return list(connection.execute(query).all())


def _met(connection: sa.Connection, meeting: Meeting) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a policy."""
    policy = meeting.policy
    tenants = _tenants(connection, policy)
    inside: list[sa.ColumnElement[bool]] = [memory.c.tenant.in_(tenants)]
    kinds = _kinds(policy)
    if kinds:
        inside.append(memory.c.kind.in_(kinds))
    found = list(inside)
    if policy.older_than is not None:
        cut = micros(meeting.now - timedelta(days=policy.older_than))
        found += [memory.c.occurred_at <= cut, memory.c.created_at <= cut]
    if policy.importance_below is not None:
        found.append(memory.c.importance < policy.importance_below)
    if policy.keep_latest is not None:
        found.append(memory.c.key.not_in(_latest(inside, policy.keep_latest)))
    return found + _for(policy)


def _for(policy: Policy) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of what is done: it is not done already, and there is something to do."""
    if policy.action is Measure.ARCHIVE:
        return [memory.c.tier != Tier.ARCHIVE]
    if policy.action in SHELVING:
        there = sa.exists().where(shelved.c.memory == memory.c.key)
        return [sa.func.length(memory.c.text) >= policy.shortest, ~there]
    if policy.action is Measure.MERGE:
        newer = memory.alias("newer")
        return [memory.c.superseded_by.is_(None), sa.exists().where(nearly(memory, newer))]
    return []


def nearly(older: sa.FromClause, newer: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a later memory of the same tenant that still holds says nearly the same as another one."""
    there = (link.c.memory == newer.c.key) & (link.c.other == older.c.key)
    back = (link.c.memory == older.c.key) & (link.c.other == newer.c.key)
    later = (newer.c.key > older.c.key) & (newer.c.tenant == older.c.tenant) & newer.c.superseded_by.is_(None)
    return (link.c.name == NEAR) & (there | back) & later


def _kinds(policy: Policy) -> tuple[Kind, ...]:
    if policy.action is Measure.SUMMARISE:
        return (Kind.TURN,)
    if policy.action is Measure.MERGE:
        return policy.kinds or (Kind.FACT, Kind.NOTE)
    return policy.kinds


def _latest(inside: Sequence[sa.ColumnElement[bool]], most: int) -> sa.Select[Any]:
    """Return the keys of the latest memories of each tenant."""
    order = (memory.c.occurred_at.desc(), memory.c.key.desc())
    place = sa.func.row_number().over(partition_by=memory.c.tenant, order_by=order)
    ranked = sa.select(memory.c.key, place.label("place")).where(*inside).subquery()
    return sa.select(ranked.c.key).where(ranked.c.place <= most)


def _tenants(connection: sa.Connection, policy: Policy) -> list[int]:
    """Return the tenants that a policy is about; what is archived is read-only."""
    shut = set(connection.execute(sa.select(project.c.id).where(project.c.status == Status.ARCHIVED)).scalars())
    rows = connection.execute(sa.select(tenant).order_by(tenant.c.key))
    return [
        row.key
        for row in rows
        if fnmatchcase(row.project_id, policy.project)
        and fnmatchcase(row.user_id, policy.user)
        and row.project_id not in shut
    ]


def _spared(connection: sa.Connection, meeting: Meeting) -> sa.ColumnElement[str]:
    """Return why a memory is left alone, "" where it is not."""
    look = json_path(connection.dialect.name)
    whys: list[tuple[sa.ColumnElement[bool], str]] = [
        (memory.c.standing, "standing"),
        (condition(Compare("metadata.pinned", Op.EQ, value=True), look), "pinned"),
        (condition(Compare("metadata.private", Op.EQ, value=True), look), "private"),
        (memory.c.tier == Tier.GLOBAL, "global"),
        (sa.func.coalesce(memory.c.client.in_(list(meeting.files)), sa.false()), "a file"),
    ]
    if meeting.policy.action is Measure.DELETE:
        whys.append((_replaces(), "replaces another"))
    if meeting.policy.action is Measure.SUMMARISE:
        long = conversation.c.turns >= meeting.fewest
        whys.append((~sa.exists().where(conversation.c.key == memory.c.conversation, long), "too few turns"))
    return sa.case(*((asked, sa.literal(said)) for asked, said in whys), else_=sa.literal(""))


def _replaces() -> sa.ColumnElement[bool]:
    """Whether a memory, or a fact made of it, has taken another's place."""
    old, made = memory.alias("old"), memory.alias("made")
    own = sa.exists().where(old.c.superseded_by == memory.c.id)
    its = sa.exists().where(
        derivation.c.source == memory.c.id, made.c.key == derivation.c.memory, old.c.superseded_by == made.c.id
    )
    return sa.or_(own, its)


def summed() -> sa.ColumnElement[bool]:
    """Whether a summary has been made of a turn."""
    made = memory.alias("made")
    return sa.exists().where(
        derivation.c.source == memory.c.id, made.c.key == derivation.c.memory, made.c.kind == Kind.SUMMARY
    )
