"""`recollect restore`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from recollect.capture.instant import instant
from recollect.cli.backup import PASSPHRASE, said
from recollect.cli.opened import run, settings_of
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.cli.progress import Bar
from recollect.ops.backup.chosen import repository_of
from recollect.ops.backup.restore import Restored, bring_back
from recollect.settings import Settings


@verb("restore")
@click.argument("snapshot", required=False)
@click.option("--from", "place", help="Where the backups are [the setting backup.to].")
@click.option("--at", help="The state at this time (ISO 8601): the last backup made before it.")
@click.option("--to", "into", type=click.Path(path_type=Path), help="The data directory to make [--home].")
@click.option("--with-deleted", is_flag=True, help="Bring back what was deleted since, too.")
@PASSPHRASE
def command(
    common: Common,
    snapshot: str | None,
    place: str | None,
    at: str | None,
    into: Path | None,
    with_deleted: bool,
    passphrase_file: Path | None,
) -> None:
    """Make a data directory from a backup: SNAPSHOT (the beginning of its id), or the latest.

    Nothing is overwritten: where there is a store already, nothing happens. What was deleted since the backup was made
    stays deleted. The store is looked through before it is put in its place.
    """
    settings = settings_of(common)
    target = settings if into is None else settings.model_copy(update={"home": into.expanduser().absolute()})
    moment = None if at is None else instant(at, "at")
    done = run(_restore(settings, target, place, snapshot, moment, said(passphrase_file), erase=not with_deleted))
    if common.as_json:
        emit({"snapshot": done.snapshot, "memories": done.memories, "rows": done.rows, "erased": done.erased,
              "settings": list(done.settings), "home": str(target.home)})  # fmt: skip
        return
    click.echo(f"{done.memories:,} memories of {done.snapshot} are in {target.home}")
    if done.erased:
        click.echo(f"{done.erased:,} that were deleted since stayed deleted")
    for name in done.settings:
        click.echo(f"{name} was restored too, unless there was one")


async def _restore(
    settings: Settings,
    target: Settings,
    place: str | None,
    snapshot: str | None,
    at: datetime | None,
    passphrase: str | None,
    *,
    erase: bool,
) -> Restored:
    repository = repository_of(settings.backup, place, passphrase)
    with Bar("restoring") as bar:
        return await bring_back(repository, repository.snapshot(snapshot, at=at), target, bar, erase=erase)
