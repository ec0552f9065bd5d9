"""`recollect uninstall`."""

from __future__ import annotations

import click

from recollect.cli.install import agreed, machine_of, show, told
from recollect.cli.opened import settings_of
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.ops.install import apply
from recollect.ops.install.clients import CLIENTS
from recollect.ops.install.journal import load
from recollect.ops.install.plan import assumed, undone
from recollect.ops.install.write import read


@verb("uninstall")
@click.argument("client", type=click.Choice(list(CLIENTS)))
@click.option("--yes", "-y", is_flag=True, help="Do not ask before files are changed.")
@click.option("--dry-run", is_flag=True, help="Only show what would be changed.")
def command(common: Common, client: str, yes: bool, dry_run: bool) -> None:
    """Take recollect out of CLIENT again.

    A file that nobody has changed since is as it was before, to the byte; of one that somebody has, only what was
    entered is taken out. Memories stay.
    """
    settings = settings_of(common)
    journal = load(settings.home, client)
    plan = undone(journal or assumed(CLIENTS[client](machine_of(settings), read, True)), read)
    if not common.as_json:
        show(plan, settings, verbose=common.verbose)
        for note in plan.notes:
            click.echo(note)
    applied = not dry_run and (not plan.changes or agreed(f"Make these changes for {client}?", common, yes=yes))
    copies = apply.remove(plan, settings.home) if applied else []
    if common.as_json:
        emit(told(plan, applied=applied and bool(plan.changes)))
        return
    for copy in copies:
        click.echo(f"a file of recollect's had been changed; a copy is in {copy}")
    if applied and plan.changes:
        click.echo(f"recollect is out of {client}; memories stay (`recollect forget` deletes them)")
