"""`recollect install`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from recollect.cli.bring import shape, tell
from recollect.cli.opened import opened, run, settings_of
from recollect.cli.options import Common, verb
from recollect.cli.out import emit, is_terminal
from recollect.cli.progress import Bar
from recollect.clock import SystemClock
from recollect.ops.counts import Counts
from recollect.ops.install import apply
from recollect.ops.install.backfill import Offer, bring, offers
from recollect.ops.install.clients import CLIENTS
from recollect.ops.install.journal import load
from recollect.ops.install.machine import Machine
from recollect.ops.install.plan import Edit, Plan, diff, planned
from recollect.ops.install.write import read
from recollect.settings import Settings


@verb("install")
@click.argument("client", type=click.Choice(list(CLIENTS)))
@click.option("--yes", "-y", is_flag=True, help="Do not ask before files are changed.")
@click.option("--dry-run", is_flag=True, help="Only show what would be changed.")
@click.option("--hooks/--no-hooks", default=True, help="Capture by hooks, or give tools only [--hooks].")
@click.option("--backfill/--no-backfill", default=None, help="Import what the client remembers already [ask].")
def command(common: Common, client: str, yes: bool, dry_run: bool, hooks: bool, backfill: bool | None) -> None:
    """Let CLIENT remember: enter hooks and the MCP server in its settings.

    Shows each change to each file first and asks. Everything else in the files stays as it is, and they are backed up:
    `recollect uninstall` brings them back. Done twice, there is nothing left to do.
    """
    settings = settings_of(common)
    machine = machine_of(settings)
    plan = planned(CLIENTS[client](machine, read, hooks), load(settings.home, client), read)
    if not common.as_json:
        show(plan, settings, verbose=common.verbose)
    applied = bool(plan.changes) and not dry_run and agreed(f"Make these changes for {client}?", common, yes=yes)
    kept = apply.install(plan, settings.home) if applied else None
    if kept is not None and not common.as_json:
        click.echo(f"installed in {client}; the files as they were are in {kept}")
    found = offers(client, machine)
    counts = {} if dry_run else _backfill(common, found, wanted=backfill, ask=not yes)
    if common.as_json:
        emit({**told(plan, applied=applied), "backfill": [_offer_shape(offer, counts) for offer in found]})
        return
    if dry_run:
        click.echo("nothing was written")
        return
    for note in plan.notes:
        click.echo(note)


def machine_of(settings: Settings) -> Machine:
    """Return this machine, as installers see it."""
    server = settings.server
    return Machine(
        os.environ, sys.platform, settings.home, sys.executable, server.host, server.port, SystemClock().now()
    )


def show(plan: Plan, settings: Settings, *, verbose: bool) -> None:
    """Print the change of each file; of files in the data directory only how many there are, unless `verbose`."""
    ours = [edit for edit in plan.changes if edit.owned and edit.path.is_relative_to(settings.home)]
    for edit in plan.changes:
        if verbose or edit not in ours:
            _show_diff(edit)
    if ours and not verbose:
        click.echo(f"and {len(ours)} files in {settings.home / 'plugins'} (-v shows them)")
    if not plan.changes:
        click.echo(f"{plan.client}: nothing to do")


def agreed(question: str, common: Common, *, yes: bool) -> bool:
    """Ask, unless the answer was given; raise UsageError where nobody can answer."""
    if yes:
        return True
    if common.as_json or not is_terminal():
        raise click.UsageError("nobody is here to be asked: say --yes, or --dry-run to look only")
    click.confirm(question, abort=True, err=True)
    return True


def told(plan: Plan, *, applied: bool) -> dict[str, Any]:
    """Return a plan for `--json`."""
    files = [{"path": str(edit.path), "action": _action(edit), "diff": diff(edit)} for edit in plan.changes]
    return {"client": plan.client, "applied": applied, "files": files, "notes": list(plan.notes)}


def _show_diff(edit: Edit) -> None:
    for line in diff(edit).splitlines():
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.echo(click.style(line, fg=colour) if colour and line[:3] not in ("+++", "---") else line)
    click.echo()


def _action(edit: Edit) -> str:
    return "create" if edit.before is None else "remove" if edit.after is None else "change"


def _backfill(common: Common, found: Sequence[Offer], *, wanted: bool | None, ask: bool) -> dict[Offer, Counts]:
    """Import what was there before, when that is wanted; without an answer, say that it is there."""
    if not found or wanted is False:
        return {}
    if not common.as_json:
        click.echo("Remembered before recollect came:")
        for offer in found:
            click.echo(f"  {offer.name}: {offer.amount}")
    if wanted is None and ask and not common.as_json and is_terminal():
        wanted = click.confirm("Import it?", default=True, err=True)
    if not wanted:
        if not common.as_json:
            click.echo("`--backfill` imports it, now or later.")
        return {}
    return run(_bring(common, found))


async def _bring(common: Common, found: Sequence[Offer]) -> dict[Offer, Counts]:
    async with opened(common, worker=False) as memory:
        with Bar("importing") as bar:
            counts = await bring(
                memory.app, found, lambda offer: lambda done, total, _="": bar(done, total, offer.name)
            )
    if not common.as_json:
        for offer, count in counts.items():
            click.echo(f"{offer.name}:")
            tell(count, all_faults=common.verbose)
    return counts


def _offer_shape(offer: Offer, counts: dict[Offer, Counts]) -> dict[str, Any]:
    done = counts.get(offer)
    return {
        "name": offer.name,
        "path": str(offer.path),
        "form": offer.form,
        "amount": offer.amount,
        "imported": None if done is None else shape(done),
    }
