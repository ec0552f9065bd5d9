"""Conditions on memories as SQL. `retrieve.filters.matches` says what each one means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVarTuple

import sqlalchemy as sa

from recollect.errors import InvalidInput
from recollect.models import And, Compare, Filter, Not, Op, Or, Reach, Scalar, Where
from recollect.stores.sql.dialect import place_of
from recollect.stores.sql.json_path import JsonPath, json_path
from recollect.stores.sql.row import micros
from recollect.stores.sql.schema import conversation, memory, tenant
from recollect.stores.sql.tenants import conversations_in, tenants_in

Shape = TypeVarTuple("Shape")

Condition = sa.ColumnElement[bool]

_TIMES = {"occurred_at", "created_at", "expires_at", "valid_from", "valid_to"}
_LISTS = {"keywords", "entities"}
_NAMED = {"conversation_id": conversation.c.name, "user_id": tenant.c.user_id, "project_id": tenant.c.project_id}
_ORDER: dict[Op, Callable[[Any, Any], Condition]] = {
    Op.GT: lambda one, other: one > other,
    Op.GTE: lambda one, other: one >= other,
    Op.LT: lambda one, other: one < other,
    Op.LTE: lambda one, other: one <= other,
}


def conditions(connection: sa.Connection, where: Where) -> list[Condition]:
    """Return the conditions a memory must meet; the tenant always is the first of them."""
    found = reach_conditions(connection, where.reach)
    if where.kinds:
        found.append(memory.c.kind.in_([kind.value for kind in where.kinds]))
    if not where.stale:
        found.append(memory.c.superseded_by.is_(None))
    if where.valid_at is not None:
        at = micros(where.valid_at)
        found.append(sa.or_(memory.c.valid_from.is_(None), memory.c.valid_from <= at))
        if not where.stale:
            found.append(sa.or_(memory.c.valid_to.is_(None), memory.c.valid_to > at))
            found.append(sa.or_(memory.c.expires_at.is_(None), memory.c.expires_at > at))
    if where.filter is not None:
        found.append(condition(where.filter, json_path(connection.dialect.name)))
    return found


def meeting(
    connection: sa.Connection, query: sa.Select[*Shape], table: sa.FromClause, where: Where
) -> sa.Select[*Shape]:
    """Return a query of the memories in `table` that meet the conditions, joined with what only a filter looks at."""
    if where.filter is not None:
        table = table.join(tenant, memory.c.tenant == tenant.c.key)
        table = table.outerjoin(conversation, memory.c.conversation == conversation.c.key)
    return query.select_from(table).where(*conditions(connection, where))


def reach_conditions(connection: sa.Connection, reach: Reach) -> list[Condition]:
    """Return the conditions that keep a query inside its reach."""
    tenants = tenants_in(connection, reach)
    found: list[Condition] = [memory.c.tenant.in_(tenants)]
    if reach.conversation_id is not None:
        found.append(memory.c.conversation.in_(conversations_in(connection, tenants, reach.conversation_id)))
    if reach.agent_id is not None:
        found.append(memory.c.agent_id == reach.agent_id)
    return found


def condition(item: Filter, look: JsonPath) -> Condition:
    """Return one filter as SQL that is true or false, never NULL; `look` is how JSON is looked into."""
    if isinstance(item, And):
        return sa.and_(sa.true(), *(condition(part, look) for part in item.parts))
    if isinstance(item, Or):
        return sa.or_(sa.false(), *(condition(part, look) for part in item.parts))
    if isinstance(item, Not):
        return sa.not_(condition(item.part, look))
    if item.op is Op.NE:
        return sa.not_(condition(Compare(item.field, Op.EQ, item.value), look))
    if item.op is Op.IN:
        values = item.value if isinstance(item.value, tuple) else (item.value,)
        return sa.or_(sa.false(), *(condition(Compare(item.field, Op.EQ, value), look) for value in values))
    if isinstance(item.value, tuple):
        raise InvalidInput(f"'{item.op}' takes one value, not a list", field=item.field, hint="Use 'in' for lists.")
    made = _metadata(item, item.value, look) if item.field.startswith("metadata.") else _column(item, item.value, look)
    return sa.func.coalesce(made, sa.false())


def _column(item: Compare, value: Scalar, look: JsonPath) -> Condition:
    if item.field in _LISTS:
        asked = value if item.op is Op.CONTAINS else None
        return sa.false() if asked is None else look.holds(memory.c[item.field], (), asked)
    if item.field not in memory.c and item.field not in _NAMED:
        raise InvalidInput(f"There is no field '{item.field}' to filter by", field=item.field)
    column: sa.ColumnElement[Any] = _NAMED[item.field] if item.field in _NAMED else memory.c[item.field]
    if value is None:
        return column.is_(None) if item.op is Op.EQ else sa.false()
    if item.field in _TIMES:
        return _compare(column, item.op, _time(value, item.field))
    textual = isinstance(column.type, sa.Text)
    if textual != isinstance(value, str) or isinstance(value, bool):
        return sa.false()
    if item.op is Op.CONTAINS:
        return place_of(column, value) > 0 if textual else sa.false()
    return _compare(column, item.op, value)


def _compare(column: Any, op: Op, value: Any) -> Condition:
    if op is Op.EQ:
        return sa.and_(column.is_not(None), column == value)
    if op in _ORDER:
        return _ORDER[op](column, value)
    return sa.false()


def _time(value: Scalar, name: str) -> int:
    try:
        return micros(datetime.fromisoformat(str(value)))
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"'{value}' is not a time", field=name, hint="Write it as 2026-05-01T09:00:00Z.") from error


def _metadata(item: Compare, value: Scalar, look: JsonPath) -> Condition:
    keys = item.field.split(".")[1:]
    if any('"' in key or not key for key in keys):
        raise InvalidInput("A metadata key in a filter may not be empty or hold a double quote", field=item.field)
    if value is None:
        return look.missing(memory.c.metadata, keys) if item.op is Op.EQ else sa.false()
    if item.op is Op.CONTAINS:
        held = look.holds(memory.c.metadata, keys, value)
        return sa.or_(look.holds_text(memory.c.metadata, keys, value), held) if isinstance(value, str) else held
    return look.compare(memory.c.metadata, keys, value, lambda one, other: _compare(one, item.op, other))
