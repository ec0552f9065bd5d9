"""`recollect project related`, `recommend` and `graph`: what projects have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import click

from recollect import AsyncMemory
from recollect.cli.opened import opened, run
from recollect.cli.options import GLOBAL, Common
from recollect.cli.out import cut, emit
from recollect.cli.search import show
from recollect.cli.table import console, table
from recollect.models import Related
from recollect.ops.across_shape import graph_of, recommended_of, related_of

T = TypeVar("T")

ID = click.argument("project_id", metavar="PROJECT")
USER = click.option("--user", "-u", "user_id", help="By this user's memories only.")
LEAST, MOST = 1, 1000


@click.command("related")
@ID
@USER
@click.option("--limit", "-n", default=5, show_default=True, type=click.IntRange(LEAST, 50), help="How many at most.")
@GLOBAL
@click.pass_context
def related(ctx: click.Context, project_id: str, user_id: str | None, limit: int) -> None:
    """Show the projects most like one, and what ties them to it."""
    common = ctx.ensure_object(Common)
    found = _asked(common, lambda memory: memory.related_projects(project_id, user_id=user_id, limit=limit))
    if common.as_json:
        emit({"project_id": project_id, "related": [related_of(one) for one in found]})
    elif found:
        rows = [(f"{one.score:.2f}", one.project_id, cut(_ties(one), 80)) for one in found]
        console().print(table(("likeness", "project", "in common"), rows, right=(0,)))
    else:
        click.echo("no project is like it", err=True)


@click.command("recommend")
@ID
@click.option("--query", help="About this [its latest memories].")
@USER
@click.option(
    "--limit", "-n", default=10, show_default=True, type=click.IntRange(LEAST, MOST), help="How many at most."
)
@GLOBAL
@click.pass_context
def recommend(ctx: click.Context, project_id: str, query: str | None, user_id: str | None, limit: int) -> None:
    """Show what other projects know that is of use in one."""
    common = ctx.ensure_object(Common)
    found = _asked(common, lambda memory: memory.recommend(project_id, query=query, user_id=user_id, limit=limit))
    if common.as_json:
        emit(recommended_of(project_id, found))
        return
    for rank, hit in enumerate(found.hits, 1):
        click.echo(click.style(found.name_of(hit.memory.scope.project_id), fg="cyan"))
        show(rank, hit, query or "")
    if not found.hits:
        click.echo("nothing found", err=True)


@click.command("graph")
@click.argument("project_ids", metavar="[PROJECT]...", nargs=-1)
@USER
@click.option("--all", "all_", is_flag=True, help="Also what only one of them knows.")
@click.option(
    "--limit", "-n", default=100, show_default=True, type=click.IntRange(LEAST, MOST), help="How many at most."
)
@GLOBAL
@click.pass_context
def graph(ctx: click.Context, project_ids: Sequence[str], user_id: str | None, all_: bool, limit: int) -> None:
    """Show the entities that several projects know; without names those of all that may be read."""
    common = ctx.ensure_object(Common)
    found = _asked(
        common,
        lambda memory: memory.graph_across(project_ids=project_ids, user_id=user_id, limit=limit, shared=not all_),
    )
    if common.as_json:
        emit(graph_of(found))
    elif found.nodes:
        rows = [
            (one.sort, one.name, ", ".join(f"{name} {count}" for name, count in one.mentions.items()))
            for one in found.nodes
        ]
        console().print(table(("sort", "entity", "named in"), rows))
    else:
        click.echo("they have nothing in common", err=True)


def _ties(one: Related) -> str:
    """Return what ties a project to another, in a line: entities, else the memories that are closest."""
    names = ", ".join(tie.name for tie in one.ties)
    return names or "; ".join(pair.there.text for pair in one.pairs)


def _asked(common: Common, work: Callable[[AsyncMemory], Awaitable[T]]) -> T:
    async def asked() -> T:
        async with opened(common) as memory:
            return await work(memory)

    return run(asked())
