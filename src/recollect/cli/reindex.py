"""`recollect reindex`."""

from __future__ import annotations

import click

from recollect.cli.opened import drained, opened, run, tell_if_words_only
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.cli.progress import Bar
from recollect.ops.reindex import Rebuilt, reindex


@verb("reindex")
@click.option("--vectors", is_flag=True, help="Drop all vectors and make them anew.")
@click.option("--no-wait", is_flag=True, help="Leave vectors to whoever opens the store next.")
def command(common: Common, vectors: bool, no_wait: bool) -> None:
    """Build the index of all memories anew with the present rules; needed after an upgrade that changes them.

    Broken off, it is simply repeated. Restart servers that run on this store afterwards.
    """
    done = run(_reindex(common, vectors=vectors, wait=not no_wait))
    if common.as_json:
        emit({"memories": done.memories, "changed": done.changed, "dropped": done.dropped, "flagged": done.flagged})
        return
    dropped = f", {done.dropped:,} vectors dropped" if vectors else ""
    marked = f", {done.flagged:,} flagged" if done.flagged else ""
    click.echo(f"{done.memories:,} memories looked at, {done.changed:,} indexed anew{marked}{dropped}")


async def _reindex(common: Common, *, vectors: bool, wait: bool) -> Rebuilt:
    async with opened(common, worker=wait) as memory:
        with Bar("reindexing") as bar:
            done = await reindex(memory.app, bar, vectors=vectors)
        if wait:
            tell_if_words_only(memory.app.settings)
            await drained(memory)
        return done
