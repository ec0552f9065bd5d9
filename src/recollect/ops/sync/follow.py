"""What a page leaves to be done: vectors that did not come along, facts of new turns, a wipe of what was deleted."""

from __future__ import annotations

from collections.abc import Sequence

from recollect.engine import DERIVE, EMBED, PER_JOB, SCRUB
from recollect.models import Arrived, Task


def follow(done: Arrived) -> list[Task]:
    """Return the jobs for a page that was written; they may be repeated safely."""
    tasks = [Task(EMBED, {"ids": part}) for part in _parts(done.fresh)]
    tasks += [Task(DERIVE, {"ids": part}) for part in _parts([*done.fresh, *done.again])]
    return [*tasks, Task(SCRUB, {})] if done.deleted else tasks


def _parts(ids: Sequence[str]) -> list[list[str]]:
    wanted = list(dict.fromkeys(ids))
    return [wanted[start : start + PER_JOB] for start in range(0, len(wanted), PER_JOB)]
