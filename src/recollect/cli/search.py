"""`recollect search`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click

from recollect.cli.fold import fold
from recollect.cli.opened import opened, run, tell_if_words_only, warming
from recollect.cli.options import FILTERS, KINDS, SCOPE, Common, verb
from recollect.cli.out import emit, given_text, headline, width
from recollect.cli.snippet import highlighted, marked
from recollect.models import Hit
from recollect.ops.shape import hit_of

LINES = 2
"""Lines of text a hit shows."""


@verb("search", SCOPE, FILTERS, KINDS)
@click.argument("query")
@click.option("--limit", "-n", default=10, show_default=True, help="How many at most.")
@click.option("--asked-at", metavar="TIME", help="What 'yesterday' is counted from, such as 2026-05-01T09:00Z [now].")
@click.option("--explain", is_flag=True, help="Show what each score is made of.")
@click.option("--stale", is_flag=True, help="Also what was superseded or has expired.")
def command(common: Common, query: str, **options: Any) -> None:
    """Find memories that answer QUERY ('-': read it from stdin), best first."""
    text = given_text(query, "query")
    hits, took = run(_search(common, text, options))
    if common.as_json:
        shapes = [hit_of(hit, explain=options["explain"]) for hit in hits]
        emit({"memories": shapes, "total": len(shapes), "took_ms": round(took, 1)})
        return
    for rank, hit in enumerate(hits, 1):
        show(rank, hit, text)
    if not hits:
        click.echo("nothing found", err=True)


async def _search(common: Common, text: str, options: dict[str, Any]) -> tuple[list[Hit], float]:
    async with opened(common) as memory:
        tell_if_words_only(memory.app.settings)
        start = time.perf_counter()
        async with warming(memory):
            hits = await memory.search(text, **common.scope(), **options)
        return hits, (time.perf_counter() - start) * 1000


def show(rank: int, hit: Hit, query: str, mark: Callable[[str], str] = highlighted) -> None:
    """Print one hit: a headline, the part of the text that matched, and the parts of its score if there are any."""
    click.echo(headline(rank, hit))
    piece = hit.memory.text[hit.start : hit.end] or hit.memory.text
    lines = fold(marked(piece, query, LINES * (width() - 5), mark), width() - 5)
    click.echo("\n".join(f"     {line}" for line in lines))
    if hit.parts:
        told = "  ".join(f"{name} {value:+.2f}" for name, value in hit.parts.items() if value)
        click.echo(click.style(f"     {told}", dim=True))
