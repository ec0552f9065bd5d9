"""`recollect search`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click

from recollect.cli.fold import fold
from recollect.cli.opened import opened, run, tell_if_vectors_lack, tell_if_words_only, warming
from recollect.cli.options import FILTERS, KINDS, SCOPE, Common, verb
from recollect.cli.out import emit, headline, width
from recollect.cli.snippet import highlighted, marked
from recollect.cli.stdin import given_text
from recollect.models import Across, Hit
from recollect.ops.across_shape import across_of
from recollect.ops.shape import hit_of

LINES = 2
"""Lines of text a hit shows."""


@verb("search", SCOPE, FILTERS, KINDS)
@click.argument("query")
@click.option("--limit", "-n", default=10, show_default=True, help="How many at most.")
@click.option("--asked-at", metavar="TIME", help="What 'yesterday' is counted from, such as 2026-05-01T09:00Z [now].")
@click.option("--explain", is_flag=True, help="Show what each score is made of.")
@click.option("--stale", is_flag=True, help="Also what was superseded or has expired.")
@click.option("--across", metavar="PROJECT", multiple=True, help="Ask in this project too. Repeatable.")
@click.option("--all-projects", is_flag=True, help="Ask in all projects.")
@click.option("--merge", type=click.Choice(["score", "time", "project"]), default="score", help="How they are merged.")
@click.option("--each", default=10, show_default=True, help="How many of one project at most.")
def command(
    common: Common, query: str, across: tuple[str, ...], all_projects: bool, merge: str, each: int, **options: Any
) -> None:
    """Find memories that answer QUERY ('-': read it from stdin), best first.

    With --across or --all-projects it looks into several projects at once, where the settings allow that.
    """
    text = given_text(query, "query")
    if across or all_projects:
        named = () if all_projects else tuple(dict.fromkeys((*([common.project] if common.project else ()), *across)))
        wide = {"project_ids": named, "include_all_projects": all_projects, "merge_strategy": merge}
        _tell_across(common, text, run(_across(common, text, {**options, **wide, "max_results_per_project": each})))
        return
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
        tell_if_vectors_lack(memory)
        return hits, (time.perf_counter() - start) * 1000


async def _across(common: Common, text: str, options: dict[str, Any]) -> Across:
    async with opened(common) as memory:
        tell_if_words_only(memory.app.settings)
        async with warming(memory):
            tell_if_vectors_lack(memory)
            return await memory.search_across(text, user_id=common.user, agent_id=common.agent, **options)


def _tell_across(common: Common, text: str, found: Across) -> None:
    if common.as_json:
        emit(across_of(text, found))
        return
    for rank, hit in enumerate(found.hits, 1):
        click.echo(click.style(found.name_of(hit.memory.scope.project_id), fg="cyan"))
        show(rank, hit, text)
    counts = ", ".join(f"{one.project_id} {one.total}" for one in found.projects)
    click.echo(f"{found.total} found in {len(found.projects)} projects: {counts}", err=True)
    for said, names in (("no room for", found.left), ("may not be read:", found.denied)):
        if names:
            click.echo(f"{said} {', '.join(names)}", err=True)


def show(rank: int, hit: Hit, query: str, mark: Callable[[str], str] = highlighted) -> None:
    """Print one hit: a headline, the part of the text that matched, and the parts of its score if there are any."""
    click.echo(headline(rank, hit))
    piece = hit.memory.text[hit.start : hit.end] or hit.memory.text
    lines = fold(marked(piece, query, LINES * (width() - 5), mark), width() - 5)
    click.echo("\n".join(f"     {line}" for line in lines))
    if hit.parts:
        told = "  ".join(f"{name} {value:+.2f}" for name, value in hit.parts.items() if value)
        click.echo(click.style(f"     {told}", dim=True))
