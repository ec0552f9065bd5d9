"""Policies, outlooks and runs as JSON, for REST and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from recollect.models import Measure, Memory, Outlook, Policy, Run, RunState
from recollect.ops.shape import time_of

SHOWN: Final = 120
SHELVING: Final = (Measure.WARM, Measure.COLD, Measure.SUMMARISE)


def policy_of(policy: Policy) -> dict[str, Any]:
    """Return a policy; what it leaves open is null."""
    return {
        "name": policy.name,
        "action": policy.action.value,
        "project": policy.project,
        "user": policy.user,
        "kinds": [kind.value for kind in policy.kinds],
        "older_than": policy.older_than,
        "keep_latest": policy.keep_latest,
        "importance_below": policy.importance_below,
        "shortest": policy.shortest,
    }


def outlook_of(found: Outlook) -> dict[str, Any]:
    """Return what a policy would do."""
    return {
        "name": found.policy.name,
        "action": found.policy.action.value,
        "memories": found.memories,
        "bytes": found.bytes,
        "kinds": dict(found.kinds),
        "projects": dict(found.projects),
        "oldest_at": time_of(found.oldest_at),
        "newest_at": time_of(found.newest_at),
        "kept": dict(found.kept),
        "sample": [_sample(item) for item in found.sample],
    }


def preview_of(found: Sequence[Outlook], undo_days: float, every: float, next_at: datetime | None) -> dict[str, Any]:
    """Return what all of them would do. A memory that several of them meet counts for each."""
    return {
        "policies": [outlook_of(one) for one in found],
        "total": {"memories": sum(one.memories for one in found), "bytes": sum(one.bytes for one in found)},
        "undo_days": undo_days,
        "every": every,
        "next_at": time_of(next_at),
    }


def run_of(run: Run, undo_days: float) -> dict[str, Any]:
    """Return a run. Shelves can be undone at any time, everything else until `undo_until`."""
    open_ = run.state in (RunState.DONE, RunState.RUNNING)
    ends = run.ended_at is not None and open_ and run.action not in SHELVING
    return {
        "id": run.id,
        "policy": run.policy,
        "action": run.action.value,
        "state": run.state.value,
        "begun_at": time_of(run.begun_at),
        "ended_at": time_of(run.ended_at),
        "undo_until": time_of(run.ended_at + timedelta(days=undo_days)) if ends and run.ended_at else None,
        "undoable": open_,
        "memories": run.memories,
        "bytes_before": run.bytes_before,
        "bytes_after": run.bytes_after,
        "undone": run.undone,
        "error": run.error or None,
    }


def _sample(item: Memory) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind.value,
        "text": item.text if len(item.text) <= SHOWN else f"{item.text[: SHOWN - 1]}…",
        "user_id": item.scope.user_id,
        "project_id": item.scope.project_id,
        "occurred_at": time_of(item.occurred_at),
        "importance": item.importance,
    }
