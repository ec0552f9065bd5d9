"""Whose turn it is in the queue: a number given to each job when it is pushed, by which it is claimed.

Self-clocked fair queueing (Golestani, INFOCOM 1994). Jobs of one name and one owner stand in a line, each as many
memories after the one before as it is about; a line that begins anew begins where the queue is now. Claiming the lowest
number then gives every owner who waits the same share, whoever has pushed how much, and everything to one who waits
alone. The order within a line is that of pushing, and claiming stays one look into one index.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from recollect.models import JobState, Task
from recollect.stores.sql.dialect import greater_of
from recollect.stores.sql.schema import job, tenant

_ahead, _line = job.alias("ahead"), job.alias("line")
_CALLED = sa.bindparam("called", type_=sa.Text)

OWNER: sa.ColumnElement[int] = sa.func.coalesce(
    sa.select(tenant.c.key)
    .where(
        tenant.c.user_id == sa.bindparam("whose", type_=sa.Text),
        tenant.c.project_id == sa.bindparam("place", type_=sa.Text),
    )
    .scalar_subquery(),
    0,
)
"""The key of the tenant that a task is for, 0 for nobody's."""


def _front(name: Any) -> sa.ColumnElement[int]:
    """Return where the queue of a name is: at what was claimed last, else at what waits to be."""
    claimed = sa.select(sa.func.max(_ahead.c.turn)).where(_ahead.c.state == JobState.CLAIMED, _ahead.c.name == name)
    ready = sa.select(sa.func.min(_ahead.c.turn)).where(_ahead.c.state == JobState.READY, _ahead.c.name == name)
    return sa.func.coalesce(claimed.scalar_subquery(), ready.scalar_subquery(), 0)


def _end(owner: Any, name: Any) -> sa.ColumnElement[int]:
    """Return where the line of an owner ends."""
    last = sa.select(sa.func.max(_line.c.turn)).where(_line.c.owner == owner, _line.c.name == name)
    return sa.func.coalesce(last.scalar_subquery(), 0)


NEXT: sa.ColumnElement[int] = greater_of(_front(_CALLED), _end(OWNER, _CALLED)) + sa.bindparam("size", type_=sa.Integer)
"""The turn of a job that is pushed now."""

FRONT: sa.ColumnElement[int] = _front(job.c.name)
"""Where the queue of a job's name is now."""

AGAIN: sa.ColumnElement[int] = greater_of(FRONT, _end(job.c.owner, job.c.name)) + 1
"""The turn of a job that failed: behind what its owner has pushed meanwhile."""


def asked(task: Task) -> dict[str, Any]:
    """Return what OWNER and NEXT ask of a task."""
    user, project = task.owner or ("", "")
    return {"whose": user, "place": project, "called": task.name, "size": task.size}
