"""Runs policies, shows beforehand what they would do, and takes back what they did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from recollect.app import App
from recollect.capture.ids import new_id
from recollect.engine import SUMMARISE
from recollect.errors import Conflict, RecollectError
from recollect.models import Actor, Deed, Job, JobState, Measure, Outlook, Policy, Run
from recollect.ops.retention.policies import policies_of
from recollect.ports import Tracker
from recollect.process.index import index
from recollect.stores.sql.keep.retention import Undone


async def preview(app: App, name: str | None = None) -> list[Outlook]:
    """Return what the policies (or one) would do now; nothing is changed."""
    return [await app.retention.outlook(policy) for policy in policies_of(app.settings.retention, name)]


async def run(app: App, actor: Actor, tracker: Tracker, name: str | None = None) -> list[Run]:
    """Run the policies (or one), in order; return what those did that did anything.

    A run that was broken off is taken up again where it was. What can no longer be undone goes for good first. Raises
    Conflict where a policy may not run here, StoreError where a place cannot be written; what was done until then
    stays done, and noted.
    """
    await app.retention.expire(app.settings.retention.undo_days)
    done = []
    for policy in policies_of(app.settings.retention, name):
        made = await _run(app, actor, policy, tracker)
        if made is not None:
            done.append(made)
    app.worker.wake()
    return done


async def undo(app: App, actor: Actor, run_id: str) -> tuple[Run, Undone]:
    """Bring back what a run put away; raise NotFound, Conflict where it is too late, StoreError."""
    found = await app.retention.run(run_id)
    undone = await app.retention.undo(found, index)
    detail: dict[str, str | int | bool] = {"restored": undone.restored, "kept": undone.kept, "run": found.id}
    await app.access.note(actor, Deed("retention_undo", target=found.policy, detail=detail))
    app.worker.wake()
    return await app.retention.run(found.id), undone


async def _run(app: App, actor: Actor, policy: Policy, tracker: Tracker) -> Run | None:
    if policy.action is Measure.SUMMARISE:
        await _sum_up(app, policy)
    now = app.engine.now()
    made = await app.retention.begin(policy, new_id(now))
    at: Run | None = made
    try:
        while at is not None:
            tracker(at.memories, None, policy.name)
            at = await app.retention.step(at)
    except Conflict:  # another process goes on with it
        raise
    except RecollectError as error:
        await app.retention.fail(made, error.message)
        raise
    found = await app.retention.run(made.id)
    if not found.memories:  # it met nothing
        return None
    detail: dict[str, str | int | bool] = {"action": str(policy.action), "memories": found.memories, "run": found.id}
    await app.access.note(actor, Deed("retention_run", target=policy.name, detail=detail))
    return found


async def _sum_up(app: App, policy: Policy) -> None:
    """Have summaries made of the conversations whose turns a policy meets."""
    stores = app.engine.stores
    handler = app.inferring.handlers(stores.records, stores.words, app.access.clock)[SUMMARISE]
    after = 0
    while True:
        after, talks = await app.retention.unsummed(policy, after)
        if not talks:
            return
        await handler([_job(talks, app.engine.now())])


def _job(talks: Sequence[Sequence[str]], now: datetime) -> Job:
    payload = {"conversations": [list(talk) for talk in talks]}
    return Job(0, SUMMARISE, payload, JobState.CLAIMED, 0, now.astimezone(UTC), now)
