"""`recollect list`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from recollect.cli.opened import opened, run
from recollect.cli.options import FILTERS, KINDS, SCOPE, Common, verb
from recollect.cli.out import cells, cut, emit, minute, short, who, width
from recollect.cli.table import console, table
from recollect.exchange import Page
from recollect.models import Memory
from recollect.ops.shape import memory_of


@verb("list", SCOPE, FILTERS, KINDS)
@click.option("--limit", "-n", default=20, show_default=True, help="Memories on a page, 1,000 at most.")
@click.option("--cursor", help="Where the page before ended.")
def command(common: Common, **options: Any) -> None:
    """List memories, the newest first."""
    if not 1 <= options["limit"] <= 1000:
        raise click.BadParameter("1 to 1,000 can be asked for", param_hint="--limit")
    page = run(_page(common, options))
    if common.as_json:
        emit({"memories": [memory_of(item) for item in page.memories], "cursor": page.cursor})
        return
    if page.memories:
        console().print(table(("id", "said", "by", "kind", "text"), _rows(page.memories)))
    else:
        click.echo("nothing here", err=True)
    if page.cursor:
        click.echo(f"more: --cursor {page.cursor}", err=True)


def _rows(items: Sequence[Memory]) -> list[tuple[str, ...]]:
    """Return a line of text for each memory, cut to the room that the other columns leave."""
    heads = [(short(item.id), minute(item.occurred_at), cut(who(item), 16), item.kind.value) for item in items]
    taken = sum(max(len("said"), *(cells(row[column]) for row in heads)) + 2 for column in range(4))
    return [(*head, cut(item.text, width() - taken - 2)) for head, item in zip(heads, items, strict=True)]


async def _page(common: Common, options: dict[str, Any]) -> Page:
    async with opened(common) as memory:
        return await memory.list(**common.scope(), **options)
