"""`recollect status`."""

from __future__ import annotations

from dataclasses import asdict

import click

from recollect.cli.exits import UNREACHED
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.server import record
from recollect.server.background import is_ready
from recollect.settings import load


@verb("status")
def command(common: Common) -> None:
    """Say whether a server of this data directory runs, and where; exit code 5 when none does."""
    found = record.running(load(common.home).settings.home)
    if found is None:
        if common.as_json:
            emit({"running": False})
        else:
            click.echo("no server is running")
        raise click.exceptions.Exit(UNREACHED)
    ready = is_ready(found)
    if common.as_json:
        emit({"running": True, "ready": ready, "url": found.url, **asdict(found)})
    else:
        state = "ready" if ready else "not ready"
        click.echo(
            f"recollect {found.version} at {found.url} is {state} (process {found.pid}, since {found.started_at})"
        )
