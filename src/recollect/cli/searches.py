"""`recollect searches`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from recollect.cli.opened import opened, run
from recollect.cli.options import GLOBAL, Common
from recollect.cli.out import cut, emit, minute
from recollect.cli.table import console, table
from recollect.models import PastSearch
from recollect.ops.across_shape import past_of


@click.command("searches")
@click.option("--user", "-u", "user", help="Whose [default].")
@click.option("--limit", "-n", default=50, show_default=True, type=click.IntRange(1, 1000), help="How many at most.")
@click.option("--forget", is_flag=True, help="Delete them instead.")
@GLOBAL
@click.pass_context
def command(ctx: click.Context, user: str | None, limit: int, forget: bool) -> None:
    """Show what was searched for across projects, the latest first."""
    common = ctx.ensure_object(Common)
    if forget:
        deleted = run(_forget(common, user))
        emit({"deleted": deleted}) if common.as_json else click.echo(f"{deleted:,} searches deleted")
        return
    found = run(_listed(common, user, limit))
    if common.as_json:
        emit({"searches": [past_of(one) for one in found]})
    elif found:
        rows = [(minute(one.at), str(one.found), cut(", ".join(one.projects), 30), cut(one.query, 60)) for one in found]
        console().print(table(("when", "found", "in", "searched for"), rows, right=(1,)))
    else:
        console().print("nothing was searched for across projects, or it is not kept")


async def _listed(common: Common, user: str | None, limit: int) -> Sequence[PastSearch]:
    async with opened(common) as memory:
        return await memory.search_history(user_id=user, limit=limit)


async def _forget(common: Common, user: str | None) -> int:
    async with opened(common) as memory:
        return await memory.forget_searches(user_id=user)
