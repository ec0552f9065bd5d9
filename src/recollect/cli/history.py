"""`recollect history`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from recollect.cli.opened import opened, run, whole_id
from recollect.cli.options import Common, verb
from recollect.cli.out import cut, emit, minute, width
from recollect.errors import NotFound
from recollect.models import Change
from recollect.ops.shape import change_of


@verb("history")
@click.argument("memory_id", metavar="ID")
def command(common: Common, memory_id: str) -> None:
    """Show every change of a memory, oldest first, with what was different."""
    name, changes = run(_history(common, memory_id))
    shapes = [change_of(change) for change in changes]
    if common.as_json:
        emit({"id": name, "changes": shapes})
        return
    click.echo(click.style(name, dim=True))
    for change, shape in zip(changes, shapes, strict=True):
        version = f"  version {shape['version']}" if shape["version"] else ""
        click.echo(f"{minute(change.at)}  {click.style(shape['event'], bold=True)}{version}")
        if shape["event"] == "add":
            click.echo(f"    {cut(shape['content'], width() - 4)}")
        for field, (before, after) in shape["changed"].items():
            _difference(field, before, after)


def _difference(field: str, before: object, after: object) -> None:
    room = width() - 22
    click.echo(f"    {field:>14}  {click.style('- ' + cut(str(before), room), fg='red')}")
    click.echo(f"    {'':>14}  {click.style('+ ' + cut(str(after), room), fg='green')}")


async def _history(common: Common, memory_id: str) -> tuple[str, Sequence[Change]]:
    async with opened(common) as memory:
        try:
            name = await whole_id(memory, memory_id)
        except NotFound:
            name = memory_id  # a deleted memory still has its history, under its whole id
        return name, await memory.history(name)
