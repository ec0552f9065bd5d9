"""`recollect add`."""

from __future__ import annotations

from typing import Any

import click

from recollect.cli.opened import drained, opened, run
from recollect.cli.options import SCOPE, Common, as_object, verb
from recollect.cli.out import cut, emit, short, width
from recollect.cli.stdin import given_text
from recollect.models import Memory
from recollect.ops.shape import memory_of


@verb("add", SCOPE)
@click.argument("text")
@click.option("--title", help="A heading.")
@click.option("--kind", default="note", show_default=True, help="note or fact.")
@click.option("--metadata", help="A JSON object.")
@click.option("--occurred-at", metavar="TIME", help="When it was said [now].")
@click.option("--expires-at", metavar="TIME", help="When it stops being found.")
@click.option("--importance", type=float, help="From 0 to 1 [judged].")
@click.option("--no-wait", is_flag=True, help="Leave vectors to whoever opens the store next.")
def command(common: Common, text: str, metadata: str | None, no_wait: bool, **options: Any) -> None:
    """Keep TEXT ('-': read it from stdin). What was said before is counted, not kept twice."""
    given = {**options, "metadata": as_object(metadata, "--metadata")}
    item = run(_add(common, given_text(text, "text"), given, wait=not no_wait))
    if common.as_json:
        emit(memory_of(item))
    else:
        again = f"  (said {item.repeats} times)" if item.repeats > 1 else ""
        click.echo(f"{short(item.id)}  {cut(item.text, width() - 30)}{again}")


async def _add(common: Common, text: str, options: dict[str, Any], *, wait: bool) -> Memory:
    async with opened(common, worker=wait) as memory:
        item = await memory.add(text, **common.scope(), **options)
        if wait:
            await drained(memory)
        return item
