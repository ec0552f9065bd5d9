"""`recollect forget`."""

from __future__ import annotations

from typing import Any

import click

from recollect.cli.opened import drained, opened, run
from recollect.cli.options import FILTERS, SCOPE, Common, verb
from recollect.cli.out import emit
from recollect.library import AsyncMemory


@verb("forget", SCOPE, FILTERS)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def command(common: Common, filters: dict[str, Any] | None, yes: bool) -> None:
    """Delete everything of a user, project, conversation or agent; at least one must be named."""
    if not any(common.scope().values()):
        raise click.UsageError("name whose memories to forget: --user, --project, --conversation or --agent")
    count = run(_forget(common, filters, yes=yes))
    if common.as_json:
        emit({"deleted": count})
    else:
        click.echo(f"deleted {count:,}")


async def _forget(common: Common, filters: dict[str, Any] | None, *, yes: bool) -> int:
    async with opened(common, worker=True) as memory:
        if not yes:
            told = await _told(memory, common, filters)
            click.confirm(f"Delete {told} for good?", abort=True, err=True)
        count = await memory.forget(**common.scope(), filters=filters)
        await drained(memory, "wiping")
        return count


async def _told(memory: AsyncMemory, common: Common, filters: dict[str, Any] | None) -> str:
    """Return how much would go, in words."""
    scope = ", ".join(f"{name.removesuffix('_id')} {value}" for name, value in common.scope().items() if value)
    page = await memory.list(**common.scope(), filters=filters, limit=1000)
    count = f"{len(page.memories):,}" if page.cursor is None else "more than 1,000"
    return f"{count} memories of {scope}"
