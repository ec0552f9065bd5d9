"""`recollect jobs`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from recollect.cli.opened import drained, opened, run
from recollect.cli.options import GLOBAL, Common
from recollect.cli.out import cut, emit, minute, width
from recollect.cli.table import console, table
from recollect.models import Job
from recollect.ops.shape import job_of


@click.group("jobs", invoke_without_command=True)
@GLOBAL
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show or retry work that is left to do."""
    if ctx.invoked_subcommand is None:
        _show(ctx.ensure_object(Common), 100)


@command.command("list")
@click.option("--limit", "-n", default=100, show_default=True, type=click.IntRange(1, 10_000))
@GLOBAL
@click.pass_context
def listed(ctx: click.Context, limit: int) -> None:
    """List jobs, parked ones first."""
    _show(ctx.ensure_object(Common), limit)


@command.command("retry")
@click.argument("ids", metavar="[ID]...", nargs=-1, type=int)
@click.option("--no-wait", is_flag=True, help="Leave them to whoever opens the store next.")
@GLOBAL
@click.pass_context
def retry(ctx: click.Context, ids: Sequence[int], no_wait: bool) -> None:
    """Run parked jobs (all, or these) again."""
    common = ctx.ensure_object(Common)
    count, parked = run(_retry(common, ids, wait=not no_wait))
    if common.as_json:
        emit({"retried": count, "parked": parked})
    else:
        click.echo(f"retried {count:,}, {parked:,} parked")


def _show(common: Common, limit: int) -> None:
    jobs, waiting = run(_jobs(common, limit))
    if common.as_json:
        emit({"jobs": [job_of(job) for job in jobs], "waiting": waiting})
        return
    rows = [
        (str(job.id), job.name, job.state.value, str(job.attempts), minute(job.run_at), cut(job.error or "", width()))
        for job in jobs
    ]
    if rows:
        console().print(table(("id", "job", "state", "tries", "due", "error"), rows, right=(0, 3)))
    else:
        click.echo("nothing is left to do")


async def _jobs(common: Common, limit: int) -> tuple[list[Job], int]:
    async with opened(common) as memory:
        queue = memory.app.engine.stores.queue
        return await queue.jobs(limit=limit), await queue.waiting()


async def _retry(common: Common, ids: Sequence[int], *, wait: bool) -> tuple[int, int]:
    async with opened(common, worker=wait) as memory:
        queue = memory.app.engine.stores.queue
        count = await queue.retry(list(ids) or None)
        if wait:
            await drained(memory)
        stats = [job for job in await queue.jobs(limit=10_000) if job.state.value == "parked"]
        return count, len(stats)
