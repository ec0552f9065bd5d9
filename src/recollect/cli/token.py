"""`recollect token`."""

from __future__ import annotations

from pathlib import Path

import click

from recollect.cli.opened import opened, run
from recollect.cli.options import GLOBAL, Common
from recollect.cli.out import emit
from recollect.clock import SystemClock
from recollect.server import token
from recollect.settings import load


@click.group("token", invoke_without_command=True)
@GLOBAL
@click.pass_context
def command(ctx: click.Context) -> None:
    """Say where the token of this data directory's server is."""
    if ctx.invoked_subcommand is None:
        common = ctx.ensure_object(Common)
        home = load(common.home).settings.home
        _tell(common, token.path_of(home), made=token.read(home) is not None)


@command.command("rotate")
@GLOBAL
@click.pass_context
def rotate(ctx: click.Context) -> None:
    """Make a new token; within two seconds the present one opens nothing any more."""
    common = ctx.ensure_object(Common)
    _tell(common, run(_rotated(common)), made=True)


async def _rotated(common: Common) -> Path:
    async with opened(common) as memory:
        return await token.rotate(memory.app.settings.home, memory.app.tokens, SystemClock())


def _tell(common: Common, path: Path, *, made: bool) -> None:
    if common.as_json:
        emit({"path": str(path), "made": made})
    else:
        click.echo(str(path) if made else f"{path} (made when `recollect serve` first starts)")
