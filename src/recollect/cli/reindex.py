"""`recollect reindex`."""

from __future__ import annotations

import click

from recollect.cli.exits import FAILED
from recollect.cli.opened import drained, opened, run, settings_of, tell_if_words_only
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.cli.progress import Bar
from recollect.ops.migrate.embedder import entered, with_embedder
from recollect.ops.migrate.settings_file import enter
from recollect.ops.reindex import Prepared, Rebuilt, drop_former, prepare, reindex
from recollect.settings import Settings


@verb("reindex")
@click.option("--vectors", is_flag=True, help="Drop all vectors and make them anew.")
@click.option("--no-wait", is_flag=True, help="Leave vectors to whoever opens the store next.")
@click.option(
    "--embedder", multiple=True, metavar="NAME=VALUE",
    help="Make another embedder's vectors beside those in use, then change over: provider=ollama. Repeatable.",
)  # fmt: skip
@click.option("--drop-former", "former", is_flag=True, help="Drop the vectors of former embedders.")
def command(common: Common, vectors: bool, no_wait: bool, embedder: tuple[str, ...], former: bool) -> None:
    """Build the index of all memories anew with the present rules; needed after an upgrade that changes them.

    Broken off, it is simply repeated. Restart servers that run on this store afterwards.
    """
    if sum((vectors, bool(embedder), former)) > 1:
        raise click.UsageError("--vectors, --embedder and --drop-former exclude each other")
    if embedder:
        _change(common, dict(_pair(text) for text in embedder))
        return
    if former:
        _tell_dropped(common, run(_drop(common)))
        return
    done = run(_reindex(common, vectors=vectors, wait=not no_wait))
    if common.as_json:
        emit({"memories": done.memories, "changed": done.changed, "dropped": done.dropped, "flagged": done.flagged})
        return
    dropped = f", {done.dropped:,} vectors dropped" if vectors else ""
    marked = f", {done.flagged:,} flagged" if done.flagged else ""
    click.echo(f"{done.memories:,} memories looked at, {done.changed:,} indexed anew{marked}{dropped}")


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--embedder")
    return name.strip(), value.strip()


def _change(common: Common, given: dict[str, str]) -> None:
    """Make another embedder's vectors while the one in use answers, then have the settings name it."""
    settings = settings_of(common)
    then = with_embedder(settings, given)
    done = run(_prepared(common, then))
    written = enter(settings, entered(settings, then))
    if common.as_json:
        file = None if written.written is None else str(written.written)
        emit({"model": done.model, "made": done.made, "vectors": done.vectors, "file": file,
              "lines": list(written.lines), "because": written.because})  # fmt: skip
        return
    click.echo(f"{done.made:,} vectors of {done.model} made, {done.vectors:,} there are")
    if written.written is None:
        click.echo(f"Change the settings yourself ({written.because}):\n  " + "\n  ".join(written.lines))
    else:
        click.echo(f"{written.written} names it; restart what has the store open")
    click.echo("`recollect reindex --drop-former` then drops the vectors of the former one")


async def _prepared(common: Common, settings: Settings) -> Prepared:
    async with opened(common, settings=settings) as memory:
        with Bar("embedding") as bar:
            return await prepare(memory.app, bar)


async def _drop(common: Common) -> int | None:
    async with opened(common) as memory:
        held = await memory.app.engine.stores.vectors.models()
        return await drop_former(memory.app) if memory.app.engine.embed.model in held else None


def _tell_dropped(common: Common, dropped: int | None) -> None:
    if common.as_json:
        emit({"dropped": dropped or 0, "done": dropped is not None})
    elif dropped is None:
        click.echo("nothing was dropped: the embedder in the settings has no vectors yet", err=True)
    else:
        click.echo(f"{dropped:,} vectors dropped")
    if dropped is None:
        raise click.exceptions.Exit(FAILED)


async def _reindex(common: Common, *, vectors: bool, wait: bool) -> Rebuilt:
    async with opened(common, worker=wait) as memory:
        with Bar("reindexing") as bar:
            done = await reindex(memory.app, bar, vectors=vectors)
        if wait:
            tell_if_words_only(memory.app.settings)
            await drained(memory)
        return done
