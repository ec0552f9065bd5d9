"""`recollect import`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recollect.cli.exits import FAILED
from recollect.cli.opened import drained, opened, run, settings_of, tell_if_words_only
from recollect.cli.options import SCOPE, Common, verb
from recollect.cli.out import emit
from recollect.cli.progress import Bar
from recollect.ops.counts import Counts
from recollect.ops.import_ import Place, bring_in
from recollect.ops.readers.detect import FORMS

SHOWN = 10
"""Faults told word for word, unless more are asked for (-v)."""


@verb("import", SCOPE)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--from", "form", type=click.Choice(FORMS), help="The form of the file [found out].")
@click.option("--no-wait", is_flag=True, help="Leave vectors to whoever opens the store next.")
def command(common: Common, path: Path, form: str | None, no_wait: bool) -> None:
    """Import PATH: a file, or a folder of Claude Code transcripts.

    Reads Claude Code transcripts, ChatGPT and Claude.ai exports, Mem0 exports, plain messages as JSON lines, and
    recollect's own export. What is there already is passed over, so an import that was broken off is simply repeated.
    """
    counts = run(_bring(common, path, form, wait=not no_wait))
    if common.as_json:
        emit(shape(counts))
    else:
        tell(counts, all_faults=common.verbose)
    if counts.faulty and not counts.new and not counts.duplicates:
        raise click.exceptions.Exit(FAILED)


async def _bring(common: Common, path: Path, form: str | None, *, wait: bool) -> Counts:
    place = Place(common.user, common.project, common.conversation, common.agent)
    async with opened(common, worker=False) as memory:
        with Bar("reading") as bar:
            counts = await bring_in(memory.app, path, form, place, bar)
    if wait:
        tell_if_words_only(settings_of(common))
        async with opened(common, worker=True) as memory:
            await drained(memory)
    return counts


def shape(counts: Counts) -> dict[str, Any]:
    """Return what an import did, for `--json`."""
    return {
        **counts.figures(),
        "faults": [{"file": fault.file, "line": fault.line, "reason": fault.reason} for fault in counts.faults],
    }


def tell(counts: Counts, *, all_faults: bool = False) -> None:
    """Print what an import did, and on stderr what could not be read."""
    read = [f"{counts.turns:,} turns of {counts.conversations:,} conversations"] if counts.turns else []
    read += [f"{counts.notes:,} notes"] if counts.notes else []
    click.echo(f"read {' and '.join(read) or 'nothing'}: {counts.new:,} new, {counts.duplicates:,} there already")
    if counts.redacted:
        click.echo("masked " + ", ".join(f"{count:,} {kind}" for kind, count in sorted(counts.redacted.items())))
    if counts.empty:
        click.echo(f"passed over {counts.empty:,} that held nothing, or were private as a whole")
    shown = counts.faults if all_faults else counts.faults[:SHOWN]
    for fault in shown:
        place = f"{fault.file}:{fault.line}" if fault.line else fault.file
        click.echo(f"{place}: {fault.reason}", err=True)
    if counts.faulty > len(shown):
        click.echo(f"and {counts.faulty - len(shown):,} more that could not be read", err=True)
