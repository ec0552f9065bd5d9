"""`recollect restore`."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from recollect.app.side import plain
from recollect.capture.instant import instant
from recollect.cli.backup import PASSPHRASE, said
from recollect.cli.opened import run, settings_of
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.cli.progress import Bar
from recollect.errors import Conflict, InvalidInput
from recollect.ops.backup.chosen import repository_of
from recollect.ops.backup.restore import Restored, bring_back
from recollect.server.record import running
from recollect.settings import Settings

SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@verb("restore")
@click.argument("snapshot", required=False)
@click.option("--from", "place", help="Where the backups are [the setting backup.to].")
@click.option("--at", help="The state at this time (ISO 8601): the last backup made before it.")
@click.option("--to", "into", type=click.Path(path_type=Path), help="The data directory to make [--home].")
@click.option("--schema", help="The schema of the PostgreSQL database to make it in [store.schema_name].")
@click.option("--replace", is_flag=True, help="Put it in the place of the store that is there, which is kept aside.")
@click.option("--with-deleted", is_flag=True, help="Bring back what was deleted since, too.")
@PASSPHRASE
def command(
    common: Common,
    snapshot: str | None,
    place: str | None,
    at: str | None,
    into: Path | None,
    schema: str | None,
    replace: bool,
    with_deleted: bool,
    passphrase_file: Path | None,
) -> None:
    """Make a store from a backup: SNAPSHOT (the beginning of its id), or the latest.

    It becomes a data directory, or with store.url set (and without --to) a schema of that PostgreSQL database. Nothing
    is overwritten: where there is a store already nothing happens, unless --replace puts it aside. What was deleted
    since the backup was made stays deleted. The store is looked through before it is put in its place.
    """
    settings = settings_of(common)
    target = _target(settings, into, schema)
    if replace and target.store.url is None and running(target.home) is not None:
        raise Conflict("A server is using this store", hint="Stop it first: recollect stop")
    moment = None if at is None else instant(at, "at")
    how = {"erase": not with_deleted, "replace": replace}
    done = run(_restore(settings, target, place, snapshot, moment, said(passphrase_file), **how))
    if common.as_json:
        emit({"snapshot": done.snapshot, "memories": done.memories, "rows": done.rows, "erased": done.erased,
              "settings": list(done.settings), "home": str(target.home), "aside": done.aside,
              "schema": None if target.store.url is None else target.store.schema_name})  # fmt: skip
        return
    where = target.home if target.store.url is None else f"the schema {target.store.schema_name}"
    click.echo(f"{done.memories:,} memories of {done.snapshot} are in {where}")
    if done.aside:
        click.echo(f"The store that was there is now {done.aside}: remove it when you are sure")
    if done.erased:
        click.echo(f"{done.erased:,} that were deleted since stayed deleted")
    for name in done.settings:
        click.echo(f"{name} was restored too, unless there was one")


def _target(settings: Settings, into: Path | None, schema: str | None) -> Settings:
    """Return the settings of the store that is to be made."""
    if schema is not None:
        if settings.store.url is None or into is not None:
            raise InvalidInput(
                "A schema is one of a PostgreSQL database", field="schema", hint="Set store.url, and leave out --to."
            )
        if not SCHEMA.fullmatch(schema):
            raise InvalidInput(f"{schema[:80]!r} is no name for a schema", field="schema", hint="Use a-z, 0-9 and _.")
        store = settings.store.model_copy(update={"schema_name": schema})
        return settings.model_copy(update={"store": store})
    return settings if into is None else plain(settings, into.expanduser().absolute())


async def _restore(
    settings: Settings,
    target: Settings,
    place: str | None,
    snapshot: str | None,
    at: datetime | None,
    passphrase: str | None,
    *,
    erase: bool,
    replace: bool,
) -> Restored:
    repository = repository_of(settings.backup, place, passphrase)
    with Bar("restoring") as bar:
        return await bring_back(
            repository, repository.snapshot(snapshot, at=at), target, bar, erase=erase, replace=replace
        )
