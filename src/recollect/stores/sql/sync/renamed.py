"""Sees to it that memories whose user or project bears another name now count as changed."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from recollect.stores.sql.row import from_row, select_memory, to_snapshot
from recollect.stores.sql.schema import change, memory, named, tenant
from recollect.stores.sql.write import some

RUN = 500


def has_renamed(connection: sa.Connection) -> bool:
    """Whether a tenant is called otherwise than when sync last looked, or is new."""
    return connection.execute(_others().limit(1)).first() is not None


def note_renamed(connection: sa.Connection, now: int) -> None:
    """Write a change of every memory of renamed tenants, and note what all tenants are called."""
    for row in connection.execute(_others()).all():
        if row.former is not None:
            _revise(connection, row.key, row.former, row.former_project, now)
            connection.execute(sa.delete(named).where(named.c.tenant == row.key))
        connection.execute(sa.insert(named).values(tenant=row.key, user_id=row.user_id, project_id=row.project_id))


def _others() -> sa.Select[tuple[int, str, str, str, str]]:
    return (
        sa.select(
            tenant.c.key,
            tenant.c.user_id,
            tenant.c.project_id,
            named.c.user_id.label("former"),
            named.c.project_id.label("former_project"),
        )
        .select_from(tenant.outerjoin(named, named.c.tenant == tenant.c.key))
        .where(
            sa.or_(
                named.c.tenant.is_(None),
                named.c.user_id != tenant.c.user_id,
                named.c.project_id != tenant.c.project_id,
            )
        )
        .order_by(tenant.c.key)
    )


def _revise(connection: sa.Connection, owner: int, user: str, project: str, now: int) -> None:
    keys = list(connection.execute(sa.select(memory.c.key).where(memory.c.tenant == owner)).scalars())
    for part in some(keys, RUN):
        rows = connection.execute(select_memory().where(memory.c.key.in_(part))).mappings().all()
        entries = []
        for row in rows:
            item = from_row(row)
            before = to_snapshot(replace(item, scope=replace(item.scope, user_id=user, project_id=project)))
            entry = {"at": now, "verb": "revise", "memory_id": item.id, "version": item.version + 1, "before": before}
            entries.append({**entry, "memory": row["key"], "tenant": owner})
        connection.execute(sa.update(memory).where(memory.c.key.in_(part)).values(version=memory.c.version + 1))
        connection.execute(sa.insert(change), entries)
