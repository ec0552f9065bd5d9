"""Reads the few memories that a search shows: by key, in one statement, straight from the driver.

Every search ends here, so the statement is rendered once and its rows are not wrapped: a fourth of the time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from recollect.exchange import Located
from recollect.models import Kind, Memory, Role, Scope, Source, Tier
from recollect.stores.sql.database import Database
from recollect.stores.sql.row import moment
from recollect.stores.sql.schema import chunk, conversation, memory, tenant

AT_HAND = 32
"""Memories read at a time; fewer are read as quickly, since the statement stays the same."""

_COLUMNS = (
    memory.c.key,
    chunk.c.start,
    chunk.c.end,
    tenant.c.user_id,
    tenant.c.project_id,
    conversation.c.name,
    memory.c.agent_id,
    memory.c.id,
    memory.c.kind,
    memory.c.text,
    memory.c.created_at,
    memory.c.occurred_at,
    memory.c.content_hash,
    memory.c.role,
    memory.c.speaker,
    memory.c.title,
    sa.cast(memory.c.keywords, sa.Text),
    sa.cast(memory.c.entities, sa.Text),
    memory.c.importance,
    memory.c.urgency,
    memory.c.tier,
    sa.cast(memory.c.metadata, sa.Text),
    memory.c.client,
    memory.c.file,
    memory.c.message_id,
    sa.cast(memory.c.sources, sa.Text),
    memory.c.repeats,
    memory.c.dense,
    memory.c.standing,
    memory.c.position,
    memory.c.valid_from,
    memory.c.valid_to,
    memory.c.superseded_by,
    memory.c.expires_at,
    memory.c.version,
)

_LISTS = json.JSONDecoder()
"""Reads what this library wrote, without looking for white space around it: in a third of the time."""

_KINDS = {kind.value: kind for kind in Kind}
_ROLES = {role.value: role for role in Role}
_TIERS = {tier.value: tier for tier in Tier}


def locate(database: Database, places: Sequence[tuple[int, int]]) -> list[Located]:
    """Return memories with the characters of a chunk of each, in order; at most `AT_HAND` of them.

    Where there is no such chunk they are those of the whole text.
    """
    values = [*(value for place in places for value in place), *[None] * (2 * (AT_HAND - len(places)))]
    found = {row[0]: _located(row) for row in database.ask_now(_statement(database.dialect), values)}
    return [found[key] for key, _ in places if key in found]


@cache
def _statement(dialect: sa.Dialect) -> str:
    """Return the one statement; its values are memory and chunk by turns."""

    def number(name: str) -> sa.ColumnElement[int]:
        return sa.cast(sa.bindparam(name), sa.BigInteger)

    columns = sa.column("memory", sa.BigInteger), sa.column("chunk", sa.BigInteger)
    pairs = [(number(f"memory{at}"), number(f"chunk{at}")) for at in range(AT_HAND)]
    # As a table of its own: a chunk is then found by its key alone, not among all those wanted.
    wanted = sa.values(*columns, name="pairs").data(pairs).cte("wanted")
    table = (
        wanted.join(memory, memory.c.key == wanted.c.memory)
        .join(tenant, memory.c.tenant == tenant.c.key)
        .outerjoin(conversation, memory.c.conversation == conversation.c.key)
        .outerjoin(chunk, sa.and_(chunk.c.key == wanted.c.chunk, chunk.c.memory == memory.c.key))
    )
    return str(sa.select(*_COLUMNS).select_from(table).compile(dialect=dialect))


def _located(row: tuple[Any, ...]) -> Located:
    (key, start, end, user, project, talk, agent, name, kind, text, created, occurred, content_hash, role, speaker,
     title, keywords, entities, importance, urgency, tier, metadata, client, file, message, sources, repeats, dense,
     standing, position, valid_from, valid_to, superseded_by, expires_at, version) = row  # fmt: skip
    item = Memory(
        name,
        _KINDS[kind],
        text,
        Scope(user, project, talk, agent),
        moment(created),
        moment(occurred),
        content_hash,
        None if role is None else _ROLES[role],
        speaker,
        title,
        _tuple(keywords),
        _tuple(entities),
        importance,
        urgency,
        _TIERS[tier],
        {} if metadata == "{}" else json.loads(metadata),
        Source(client, file, message),
        _tuple(sources),
        repeats,
        bool(dense),
        bool(standing),
        position,
        None if valid_from is None else moment(valid_from),
        None if valid_to is None else moment(valid_to),
        superseded_by,
        None if expires_at is None else moment(expires_at),
        version,
    )
    return Located(key, item, 0, len(text)) if start is None else Located(key, item, start, end)


def _tuple(stored: str) -> tuple[str, ...]:
    return () if stored == "[]" else tuple(_LISTS.raw_decode(stored)[0])
