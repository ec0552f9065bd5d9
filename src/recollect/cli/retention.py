"""`recollect retention`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from recollect.cli.opened import drained, opened, run, settings_of
from recollect.cli.options import GLOBAL, Common
from recollect.cli.out import cut, emit, minute, width
from recollect.cli.progress import Bar
from recollect.cli.table import console, table
from recollect.models import Outlook, Policy, Run
from recollect.ops.retention.policies import policies_of
from recollect.ops.retention.run import preview, undo
from recollect.ops.retention.run import run as run_policies
from recollect.ops.retention.schedule import next_at
from recollect.ops.retention.shape import policy_of, preview_of, run_of
from recollect.stores.sql.keep.retention import Undone
from recollect.stores.sql.keep.small import Quantised, Vacuumed

NAME = click.argument("policy", required=False)


@click.group("retention")
def command() -> None:
    """Keep the store small: put away, by policy, what is old; see beforehand what goes; take it back."""


@command.command("policies")
@GLOBAL
@click.pass_context
def listed(ctx: click.Context) -> None:
    """List the policies that the setting retention.policies holds."""
    common = ctx.ensure_object(Common)
    found = policies_of(settings_of(common).retention)
    if common.as_json:
        emit({"policies": [policy_of(one) for one in found]})
    elif found:
        rows = [(one.name, one.action.value, one.project, one.user, _narrowed(one)) for one in found]
        console().print(table(("policy", "does", "project", "user", "with what is"), rows))
    else:
        click.echo("no policies; the setting retention.policies makes them")


@command.command("preview")
@NAME
@GLOBAL
@click.pass_context
def previewed(ctx: click.Context, policy: str | None) -> None:
    """Show what the policies (or one) would do now. Nothing is changed."""
    common = ctx.ensure_object(Common)
    found, due = run(_preview(common, policy))
    chosen = settings_of(common).retention
    if common.as_json:
        emit(preview_of(found, chosen.undo_days, chosen.every, due))
        return
    for one in found:
        _tell_outlook(one)
    if not found:
        click.echo("no policies; the setting retention.policies makes them")


@command.command("run")
@NAME
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@GLOBAL
@click.pass_context
def ran(ctx: click.Context, policy: str | None, yes: bool) -> None:
    """Run the policies (or one). A run that was broken off goes on where it was."""
    common = ctx.ensure_object(Common)
    found = run(_run(common, policy, yes=yes))
    days = settings_of(common).retention.undo_days
    if common.as_json:
        emit({"runs": [run_of(one, days) for one in found]})
        return
    for one in found:
        click.echo(
            f"{one.policy}: {one.action} {one.memories:,} memories, {one.bytes_before:,} bytes are "
            f"{one.bytes_after:,}; back with: recollect retention undo {one.id[-8:]}"
        )
    if not found:
        click.echo("nothing to do")


@command.command("report")
@click.option("--limit", "-n", default=20, show_default=True, type=click.IntRange(1, 1000))
@GLOBAL
@click.pass_context
def reported(ctx: click.Context, limit: int) -> None:
    """List what was done, the latest first."""
    common = ctx.ensure_object(Common)
    found = run(_runs(common, limit))
    days = settings_of(common).retention.undo_days
    if common.as_json:
        emit({"runs": [run_of(one, days) for one in found]})
        return
    rows = [
        (one.id[-8:], minute(one.begun_at), one.policy, one.action.value, one.state.value, f"{one.memories:,}",
         f"{one.bytes_before:,}", f"{one.bytes_after:,}", f"{one.undone:,}", cut(one.error, width()))
        for one in found
    ]  # fmt: skip
    if rows:
        names = ("run", "begun", "policy", "did", "state", "memories", "bytes", "now", "undone", "error")
        console().print(table(names, rows, right=(5, 6, 7, 8)))
    else:
        click.echo("no runs")


@command.command("undo")
@click.argument("run_id", metavar="RUN")
@GLOBAL
@click.pass_context
def undid(ctx: click.Context, run_id: str) -> None:
    """Bring back what RUN (its id, or the end of it) put away, as it was."""
    common = ctx.ensure_object(Common)
    found, done = run(_undo(common, run_id))
    if common.as_json:
        days = settings_of(common).retention.undo_days
        emit({"run": run_of(found, days), "restored": done.restored, "kept": done.kept})
        return
    click.echo(f"{done.restored:,} memories are back")
    if done.kept:
        click.echo(f"{done.kept:,} stay as they are: they were changed, written again or deleted since")


@command.command("vacuum")
@click.option("--seconds", default=10.0, show_default=True, type=click.FloatRange(0.1, 3600), help="For how long.")
@click.option(
    "--full", is_flag=True, help="Write everything anew, tightly; others wait, and it needs as much room again."
)
@GLOBAL
@click.pass_context
def vacuumed(ctx: click.Context, seconds: float, full: bool) -> None:
    """Give the space of what was deleted back to the system, a little at a time."""
    common = ctx.ensure_object(Common)
    done = run(_vacuum(common, seconds, full=full))
    if common.as_json:
        emit({"before": done.before, "after": done.after, "whole": done.whole})
        return
    click.echo(f"{done.before:,} bytes are {done.after:,}")
    if not done.whole:
        click.echo("there is more to give back: run it again")


@command.command("quantise")
@click.option("--back", is_flag=True, help="Make vectors anew with sixteen bits a number.")
@GLOBAL
@click.pass_context
def quantised(ctx: click.Context, back: bool) -> None:
    """Keep vectors with eight bits a number instead of sixteen."""
    common = ctx.ensure_object(Common)
    done = run(_quantise(common, back=back))
    if common.as_json:
        emit({"vectors": done.vectors, "changed": done.changed, "before": done.before, "after": done.after})
        return
    verb = "are made anew" if back else "were made smaller"
    click.echo(f"{done.changed:,} of {done.vectors:,} vectors {verb}: {done.before:,} bytes are {done.after:,}")


async def _preview(common: Common, policy: str | None) -> tuple[Sequence[Outlook], Any]:
    async with opened(common) as memory:
        return await preview(memory.app, policy), await next_at(memory.app)


async def _run(common: Common, policy: str | None, *, yes: bool) -> Sequence[Run]:
    async with opened(common, worker=True) as memory:
        if not yes:
            for one in await preview(memory.app, policy):
                _tell_outlook(one)
            click.confirm("Do it?", abort=True, err=True)
        with Bar("putting away") as bar:
            found = await run_policies(memory.app, memory.actor, bar, policy)
        await drained(memory, "wiping")
        return found


async def _runs(common: Common, limit: int) -> Sequence[Run]:
    async with opened(common) as memory:
        return await memory.app.retention.runs(limit)


async def _undo(common: Common, run_id: str) -> tuple[Run, Undone]:
    async with opened(common, worker=True) as memory:
        found = await undo(memory.app, memory.actor, run_id)
        await drained(memory)
        return found


async def _vacuum(common: Common, seconds: float, *, full: bool) -> Vacuumed:
    async with opened(common) as memory:
        return await memory.app.retention.vacuum(seconds, full=full)


async def _quantise(common: Common, *, back: bool) -> Quantised:
    async with opened(common, worker=back) as memory:
        done = await memory.app.retention.quantise(back=back)
        if back:
            await drained(memory)
        return done


def _tell_outlook(found: Outlook) -> None:
    kinds = ", ".join(f"{count:,} {kind}s" for kind, count in sorted(found.kinds.items())) or "nothing"
    click.echo(f"{found.policy.name}: {found.policy.action} {kinds}, {found.bytes:,} bytes of text", err=True)
    if found.kept:
        kept = ", ".join(f"{count:,} ({why})" for why, count in sorted(found.kept.items()))
        click.echo(f"  left alone: {kept}", err=True)
    for item in found.sample:
        click.echo(f"  {minute(item.occurred_at)}  {cut(item.text, width() - 20)}", err=True)


def _narrowed(policy: Policy) -> str:
    parts = [kind.value for kind in policy.kinds]
    if policy.older_than is not None:
        parts.append(f"older than {policy.older_than:g} days")
    if policy.keep_latest is not None:
        parts.append(f"not of the latest {policy.keep_latest:,}")
    if policy.importance_below is not None:
        parts.append(f"of importance below {policy.importance_below:g}")
    return ", ".join(parts)
