"""`recollect export`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import click

from recollect.cli.opened import opened, run
from recollect.cli.options import OWNER, Common, verb
from recollect.cli.out import emit
from recollect.cli.progress import Bar
from recollect.models import Reach
from recollect.ops.export import drafted, export


@verb("export", OWNER)
@click.argument("path", default="-", type=click.Path(path_type=Path))
@click.option("--vectors", is_flag=True, help="Vectors too, so that they need not be made again.")
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
def command(common: Common, path: Path, vectors: bool, force: bool) -> None:
    """Write everything (or what is of --user and --project) to PATH as JSON lines; '-' or nothing is stdout.

    `recollect import` takes it over exactly: memories, history, relations, conversations.
    """
    written = run(_export(common, path, vectors=vectors, force=force))
    to_stdout = str(path) == "-"
    if common.as_json and not to_stdout:
        emit({"path": str(path), "written": dict(written)})
    else:
        click.echo(f"{written['memory']:,} memories, {written['change']:,} changes of them", err=to_stdout)


async def _export(common: Common, path: Path, *, vectors: bool, force: bool) -> Counter[str]:
    reach = Reach(common.user, common.project) if common.user or common.project else None
    async with opened(common) as memory:
        with Bar("writing") as bar:
            if str(path) == "-":
                written = await export(memory.app.dump, sys.stdout.buffer, bar, reach=reach, vectors=vectors)
                sys.stdout.buffer.flush()
                return written
            with drafted(path, replace=force) as out:
                return await export(memory.app.dump, out, bar, reach=reach, vectors=vectors)
