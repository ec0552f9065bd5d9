"""`recollect forget`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import click

from recollect.app.tables import write_anew
from recollect.cli.exits import FAILED
from recollect.cli.opened import drained, opened, run
from recollect.cli.options import FILTERS, SCOPE, Common, verb
from recollect.cli.out import emit
from recollect.cli.progress import Bar
from recollect.library import AsyncMemory
from recollect.models import Reach
from recollect.ops.prove import Proof, clear, look, witness
from recollect.retrieve.filters import parse

SHOWN: Final = 5


@verb("forget", SCOPE, FILTERS)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--prove", is_flag=True, help="Look for what was deleted everywhere, in the raw files too, and report.")
@click.option("--rewrite", is_flag=True, help="With --prove: have PostgreSQL write its tables anew, locked meanwhile.")
def command(common: Common, filters: dict[str, Any] | None, yes: bool, prove: bool, rewrite: bool) -> None:
    """Delete everything of a user, project, conversation or agent; at least one must be named.

    With --prove, every file of the data directory is then searched for pieces of the deleted texts, and every index,
    cache and database beside it is asked; exit code 1 when something is found that nobody else says.
    """
    if rewrite and not prove:
        raise click.UsageError("--rewrite goes with --prove")
    if not any(common.scope().values()):
        raise click.UsageError("name whose memories to forget: --user, --project, --conversation or --agent")
    if prove:
        _tell(common, run(_prove(common, filters, yes=yes, anew=rewrite)))
        return
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


async def _prove(common: Common, filters: dict[str, Any] | None, *, yes: bool, anew: bool) -> Proof:
    async with opened(common, worker=True) as memory:
        if not yes:
            told = await _told(memory, common, filters)
            click.confirm(f"Delete {told} for good?", abort=True, err=True)
        await drained(memory)
        seen = await witness(memory, Reach.of(**common.scope()), parse(filters))
        count = await memory.forget(**common.scope(), filters=filters)
        await drained(memory, "wiping")
        for name in clear(memory):
            click.echo(f"removed {name}, a copy of the store from before an upgrade", err=True)
        if anew:
            await write_anew(memory.app)
        with Bar("looking through every file") as bar:
            return await look(memory, seen, count, bar)


def _tell(common: Common, proof: Proof) -> None:
    if common.as_json:
        emit({**asdict(proof), "holds": proof.holds})
    else:
        click.echo(f"deleted {proof.deleted:,}")
        if proof.wasted:
            shown = ", ".join(proof.wasted[:SHOWN]) + (" …" if len(proof.wasted) > SHOWN else "")
            click.echo(f"and {len(proof.wasted):,} that were deleted before, and kept for an undoing: {shown}")
        click.echo(f"looked for {proof.pieces:,} pieces of it in {proof.files:,} files, {proof.bytes / 1e6:,.1f} MB")
        for trace in proof.traces:
            why = f", and memory {trace.held_by} says it too" if trace.held_by else ""
            click.echo(f"{trace.file} holds {trace.piece!r}{why}", err=not trace.held_by)
        for place in proof.places:
            found = "not looked at" if place.found is None else f"{place.found:,} found"
            click.echo(f"{place.name}: {found}; {place.note}", err=bool(place.found))
        if proof.holds:
            click.echo("nothing of it is left" if not proof.traces else "all that is left is what others say")
        if proof.backups:
            click.echo(
                f"{len(proof.backups)} backups made before hold it; restoring one does not bring it back, once a newer "
                "backup exists: recollect backup"
            )
    if not proof.holds:
        raise click.exceptions.Exit(FAILED)


async def _told(memory: AsyncMemory, common: Common, filters: dict[str, Any] | None) -> str:
    """Return how much would go, in words."""
    scope = ", ".join(f"{name.removesuffix('_id')} {value}" for name, value in common.scope().items() if value)
    page = await memory.list(**common.scope(), filters=filters, limit=1000)
    count = f"{len(page.memories):,}" if page.cursor is None else "more than 1,000"
    return f"{count} memories of {scope}"
