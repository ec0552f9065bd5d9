"""`recollect delete`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from recollect.cli.opened import drained, opened, run, whole_id
from recollect.cli.options import Common, verb
from recollect.cli.out import cut, emit, short, width


@verb("delete")
@click.argument("memory_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def command(common: Common, memory_ids: Sequence[str], yes: bool) -> None:
    """Delete memories for good, with their history and what was derived from them alone."""
    deleted = run(_delete(common, memory_ids, yes=yes))
    if common.as_json:
        emit({"deleted": deleted})
    else:
        click.echo(f"deleted {len(deleted)}")


async def _delete(common: Common, given: Sequence[str], *, yes: bool) -> list[str]:
    async with opened(common, worker=True) as memory:
        names = list(dict.fromkeys([await whole_id(memory, name) for name in given]))
        for name in names:
            if not yes:
                item = await memory.get(name)
                click.echo(f"{short(name)}  {cut(item.text, width() - 10)}", err=True)
        if not yes:
            click.confirm("Delete for good?", abort=True, err=True)
        for name in names:
            await memory.delete(name)
        await drained(memory, "wiping")
        return names
