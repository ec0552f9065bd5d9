"""`recollect context`."""

from __future__ import annotations

import click

from recollect.cli.opened import opened, run, tell_if_words_only, warming
from recollect.cli.options import SCOPE, Common, verb
from recollect.cli.out import emit
from recollect.cli.stdin import given_text
from recollect.models import Context
from recollect.ops.shape import context_of


@verb("context", SCOPE)
@click.argument("query")
@click.option("--budget", type=int, help="Most tokens of the text.")
@click.option("--asked-at", metavar="TIME", help="What 'yesterday' is counted from [now].")
@click.option("--format", "form", default="markdown", show_default=True, help="The form of the text.")
def command(common: Common, query: str, budget: int | None, asked_at: str | None, form: str) -> None:
    """Compose what is remembered about QUERY ('-': read it from stdin), with dates and sources."""
    made = run(_context(common, given_text(query, "query"), budget, asked_at, form))
    if common.as_json:
        emit(context_of(made))
        return
    click.echo(made.text)
    left = f", {made.dropped} left out" if made.dropped else ""
    click.echo(f"{made.tokens:,} tokens from {len(made.memories)} memories{left}", err=True)


async def _context(common: Common, text: str, budget: int | None, asked_at: str | None, form: str) -> Context:
    async with opened(common) as memory:
        tell_if_words_only(memory.app.settings)
        async with warming(memory):
            return await memory.context(text, budget=budget, asked_at=asked_at, format=form, **common.scope())
