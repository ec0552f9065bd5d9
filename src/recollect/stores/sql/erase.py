"""Deleting a project: everything under its id, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from recollect.models import Task
from recollect.stores.sql.delete import delete_all
from recollect.stores.sql.keep.purge import empty_tenants
from recollect.stores.sql.schema import (
    conversation,
    entity,
    job,
    memory,
    relation,
    search_history,
    telling,
    tenant,
    token,
    usage,
)
from recollect.stores.sql.sync.links import ensure_named
from recollect.stores.sql.sync.orders import forbid_all
from recollect.stores.sql.write import push_jobs, some

GONE = "deleted"
"""What usage names instead of a project that is gone: what was spent stays spent."""

_WIPE = Task("scrub", {})


def erase(connection: sa.Connection, project_id: str, now: int) -> int:
    """Delete all that was ever written under a project's id; return how many memories went."""
    tenants = tenants_of(connection, project_id)
    gone = 0
    for part in some(tenants):
        ids = connection.execute(sa.select(memory.c.id).where(memory.c.tenant.in_(part))).scalars().all()
        gone += delete_all(connection, ids, now)
        empty_tenants(connection, part)
        inside = sa.select(entity.c.key).where(entity.c.tenant.in_(part))
        connection.execute(sa.delete(relation).where(relation.c.subject.in_(inside) | relation.c.object.in_(inside)))
        connection.execute(sa.delete(entity).where(entity.c.tenant.in_(part)))
        connection.execute(sa.delete(conversation).where(conversation.c.tenant.in_(part)))
    for key, talks in summaries(connection):
        left = [talk for talk in talks if talk[1] != project_id]
        set_summary(connection, key, talks, left)
    connection.execute(sa.update(usage).where(usage.c.project_id == project_id).values(project_id=GONE))
    connection.execute(sa.delete(telling).where(telling.c.project_id == project_id))
    _forget_searches(connection, project_id)
    forbid_all(connection, [("", project_id)], now, ensure_named(connection))
    push_jobs(connection, [_WIPE], now)
    return gone


def tenants_of(connection: sa.Connection, project_id: str) -> Sequence[int]:
    """Return the tenants of a project."""
    return connection.execute(sa.select(tenant.c.key).where(tenant.c.project_id == project_id)).scalars().all()


def summaries(connection: sa.Connection) -> Iterator[tuple[int, list[Any]]]:
    """Yield jobs that name conversations by user, project and name, and those conversations."""
    for row in connection.execute(sa.select(job.c.id, job.c.payload).where(job.c.name == "summarise")).all():
        talks = row.payload.get("conversations")
        if isinstance(talks, list):
            yield row.id, talks


def set_summary(connection: sa.Connection, key: int, before: list[Any], after: list[Any]) -> None:
    """Have a job name other conversations; a job without any is removed."""
    if not after:
        connection.execute(sa.delete(job).where(job.c.id == key))
    elif after != before:
        connection.execute(sa.update(job).where(job.c.id == key).values(payload={"conversations": after}))


def forget_rights(connection: sa.Connection, project_id: str) -> None:
    """Take a project's rights from all tokens; one that is left without any is revoked."""
    for row in connection.execute(sa.select(token.c.key, token.c.rights).where(token.c.rights.is_not(None))).all():
        left = {name: right for name, right in row.rights.items() if name != project_id}
        if not left:
            connection.execute(sa.delete(token).where(token.c.key == row.key))
        elif len(left) < len(row.rights):
            connection.execute(sa.update(token).where(token.c.key == row.key).values(rights=left))


def _forget_searches(connection: sa.Connection, project_id: str) -> None:
    """Remove what was searched for in a project."""
    rows = connection.execute(sa.select(search_history.c.key, search_history.c.projects)).all()
    keys = [row.key for row in rows if project_id in row.projects]
    for part in some(keys):
        connection.execute(sa.delete(search_history).where(search_history.c.key.in_(part)))
