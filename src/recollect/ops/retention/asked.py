"""Runs policies for somebody who may not want to wait for the end: the run goes on when they have gone."""

from __future__ import annotations

import asyncio
import logging

from recollect.app import App
from recollect.errors import Conflict, RecollectError
from recollect.models import Actor, Run, RunState
from recollect.ops.retention.run import run

log = logging.getLogger(__name__)


class Asked:
    """The run that one server was asked for; one at a time."""

    def __init__(self) -> None:
        self._task: asyncio.Task[list[Run]] | None = None

    @property
    def running(self) -> bool:
        """Whether policies are being run."""
        return self._task is not None and not self._task.done()

    async def run(self, app: App, actor: Actor, policy: str | None, wait: float) -> list[Run] | None:
        """Run the policies (or one); return what those did that did anything, `None` after `wait` seconds.

        Then it goes on by itself, and what fails is logged and noted with the run. Raises Conflict while another is
        under way, and what the run raises until then.
        """
        if self.running:
            raise Conflict("Policies are being run already", hint="Wait: GET /api/retention/runs says when it is over.")
        task = asyncio.create_task(run(app, actor, _silent, policy), name="recollect-retention-asked")
        self._task = task
        task.add_done_callback(_told)
        done, _ = await asyncio.wait({task}, timeout=wait)
        return task.result() if done else None

    def stop(self) -> None:
        """Leave off where it is; the next run goes on from there."""
        if self._task is not None:
            self._task.cancel()


async def running(app: App) -> list[Run]:
    """Return the runs that are under way, in this process or another, or were broken off."""
    return [one for one in await app.retention.runs() if one.state is RunState.RUNNING]


def _told(task: asyncio.Task[list[Run]]) -> None:
    """Log how it ended, whether somebody waits for it or not."""
    error = None if task.cancelled() else task.exception()
    if isinstance(error, RecollectError):
        log.warning("Retention failed, and goes on next time: %s", error.message)
    elif error is not None:
        log.error("Retention failed", exc_info=error)


def _silent(done: int, total: int | None, note: str = "") -> None:
    """Show nobody how far it is."""
