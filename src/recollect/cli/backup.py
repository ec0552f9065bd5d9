"""`recollect backup`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from recollect.app.tables import tables_of
from recollect.cli.exits import FAILED
from recollect.cli.opened import opened, run, settings_of
from recollect.cli.options import GLOBAL, Common
from recollect.cli.out import emit
from recollect.cli.progress import Bar
from recollect.cli.table import console, table
from recollect.clock import SystemClock
from recollect.errors import InvalidInput
from recollect.ops.backup.chosen import policy_of, repository_of
from recollect.ops.backup.keep import Swept, prune
from recollect.ops.backup.repository import Repository
from recollect.ops.backup.trial import Tried, try_out
from recollect.ops.backup.write import Made, back_up
from recollect.settings import Settings

TO: Callable[[Any], Any] = click.option("--to", help="A folder or s3://bucket/folder [the setting backup.to].")
PASSPHRASE: Callable[[Any], Any] = click.option(
    "--passphrase-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that holds the passphrase [the setting backup.passphrase].",
)  # fmt: skip


@click.group("backup", invoke_without_command=True)
@TO
@PASSPHRASE
@GLOBAL
@click.pass_context
def command(ctx: click.Context, to: str | None, passphrase_file: Path | None) -> None:
    """Back up everything while it is being used. Only what has changed since the last backup is written.

    Without a subcommand a backup is made. With a passphrase it is sealed (Argon2id, XChaCha20-Poly1305).
    """
    ctx.meta["to"], ctx.meta["passphrase"] = to, said(passphrase_file)
    if ctx.invoked_subcommand is None:
        common = ctx.ensure_object(Common)
        made = run(_make(common, to, ctx.meta["passphrase"]))
        if common.as_json:
            emit(_made(made))
        else:
            _tell(made)


@command.command("list")
@GLOBAL
@click.pass_context
def listed(ctx: click.Context) -> None:
    """List the backups, the oldest first."""
    common = ctx.ensure_object(Common)
    snapshots = _repository(ctx, settings_of(common)).snapshots()
    if common.as_json:
        emit({"snapshots": [{"id": one.id, "made_at": one.made_at.isoformat(), "memories": one.memories,
                             "release": one.release} for one in snapshots]})  # fmt: skip
        return
    rows = [(one.id, one.made_at.isoformat(timespec="seconds"), f"{one.memories:,}", one.release) for one in snapshots]
    console().print(table(("snapshot", "made at", "memories", "release"), rows, right=(2,)))


@command.command("test")
@click.argument("snapshot", required=False)
@GLOBAL
@click.pass_context
def tested(ctx: click.Context, snapshot: str | None) -> None:
    """Restore SNAPSHOT (or the latest) into a scratch place and compare all of it; exit code 1 when it is not good."""
    common = ctx.ensure_object(Common)
    settings = settings_of(common)
    found = run(_test(_repository(ctx, settings), snapshot, settings))
    if common.as_json:
        emit({"snapshot": found.snapshot, "memories": found.memories, "rows": found.rows,
              "good": not found.differing, "differing": list(found.differing)})  # fmt: skip
    elif found.differing:
        click.echo(f"{found.snapshot} is not what it was: {', '.join(found.differing)} differ", err=True)
    else:
        click.echo(f"{found.snapshot} is good: {found.memories:,} memories, {found.rows:,} rows, all the same")
    if found.differing:
        raise click.exceptions.Exit(FAILED)


@command.command("prune")
@click.option("--preview", is_flag=True, help="Only say what would be removed.")
@GLOBAL
@click.pass_context
def pruned(ctx: click.Context, preview: bool) -> None:
    """Remove the backups that the settings backup.last, daily, weekly and monthly do not keep."""
    common = ctx.ensure_object(Common)
    settings = settings_of(common)
    done = run(prune(_repository(ctx, settings), policy_of(settings.backup), SystemClock().now(), preview=preview))
    if common.as_json:
        emit({"kept": list(done.kept), "dropped": list(done.dropped), "objects": done.objects, "preview": preview})
    else:
        _tell_swept(done, preview=preview)


def said(path: Path | None) -> str | None:
    """Return the passphrase in a file, without the end of its line; raise InvalidInput for an empty one."""
    if path is None:
        return None
    text = path.read_text(encoding="utf-8").rstrip("\r\n")
    if not text:
        raise InvalidInput(f"{path} is empty", field="passphrase", hint="Write the passphrase into it.")
    return text


def _repository(ctx: click.Context, settings: Settings) -> Repository:
    return repository_of(settings.backup, ctx.meta["to"], ctx.meta["passphrase"])


async def _make(common: Common, to: str | None, passphrase: str | None) -> Made:
    async with opened(common) as memory:
        app = memory.app
        repository = await asyncio.to_thread(repository_of, app.settings.backup, to, passphrase, create=True)
        with Bar("backing up") as bar:
            return await back_up(app, tables_of(app), repository, bar)


async def _test(repository: Repository, snapshot: str | None, settings: Settings) -> Tried:
    with Bar("comparing") as bar:
        return await try_out(repository, repository.snapshot(snapshot), settings, bar)


def _made(made: Made) -> dict[str, Any]:
    return {
        "snapshot": made.snapshot,
        "memories": made.memories,
        "rows": made.rows,
        "bytes": made.bytes,
        "new_objects": made.new_objects,
        "new_bytes": made.new_bytes,
        "left_out": made.left_out,
    }


def _tell(made: Made) -> None:
    click.echo(
        f"{made.snapshot}: {made.memories:,} memories, {made.rows:,} rows of {made.bytes / 1e6:,.1f} MB, "
        f"of which {made.new_bytes / 1e6:,.1f} MB were new"
    )
    for name in made.left_out:
        click.echo(f"{name} was left out: it may hold keys, and this backup is not sealed by a passphrase", err=True)


def _tell_swept(done: Swept, *, preview: bool) -> None:
    verb = "would be removed" if preview else "removed"
    click.echo(f"{len(done.kept)} backups kept; {len(done.dropped)} and {done.objects} objects {verb}")
    for name in done.dropped:
        click.echo(f"  {name}")
