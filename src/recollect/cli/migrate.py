"""`recollect migrate`."""

from __future__ import annotations

from typing import Any

import click

from recollect.app.moving import (
    INDEX,
    address,
    arrived,
    elsewhere,
    end_of,
    forget_indexes,
    index_url,
    moving,
    note_of,
    with_index,
)
from recollect.cli.exits import FAILED
from recollect.cli.opened import settings_of
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.cli.progress import Bar
from recollect.errors import InvalidInput
from recollect.ops.migrate.index import fill
from recollect.ops.migrate.move import Moved, finish, move, verify
from recollect.ops.migrate.plan import Plan, plan
from recollect.ops.migrate.settings_file import Entered, enter
from recollect.server import record
from recollect.settings import Settings, secret


@verb("migrate")
@click.option("--to", help="Where to: postgresql://user@host/database, or sqlite:///file.db.")
@click.option("--schema", help="The schema of that database [the setting store.schema_name].")
@click.option("--vectors", help="The index of vectors from then on: qdrant://host:6333, chroma://host:8000, or none.")
@click.option("--batch", type=click.IntRange(1, 100_000), default=2000, show_default=True, help="Rows moved at once.")
@click.option("--dry-run", is_flag=True, help="Only say how much there is to move, and about how long it takes.")
@click.option("--verify-only", is_flag=True, help="Catch up with the copy, and compare every row.")
@click.option("--switch", is_flag=True, help="Go over to the copy once it is proven to be the same.")
@click.option("--back", is_flag=True, help="Go back to the store that was left, with everything written since.")
@click.option("--end", "over", is_flag=True, help="Note no more changes: give up the copy, or the way back.")
def command(
    common: Common,
    to: str | None,
    schema: str | None,
    vectors: str | None,
    batch: int,
    dry_run: bool,
    verify_only: bool,
    switch: bool,
    back: bool,
    over: bool,
) -> None:
    """Move the store to another database while it is being used. Broken off, it goes on when it is repeated."""
    settings = settings_of(common)
    if sum((dry_run, verify_only, switch, back, over)) > 1:
        raise click.UsageError("--dry-run, --verify-only, --switch, --back and --end exclude each other")
    if over:
        _end(common, settings)
        return
    if vectors is not None and to is None and not back:
        _change_index(common, settings, with_index(settings, vectors))
        return
    target = _target(settings, to, schema, back=back)
    target = target if vectors is None else with_index(target, vectors)
    if dry_run:
        planned = plan(settings, target)
        _tell_plan(common, planned)
        if not planned.found.good:
            raise click.exceptions.Exit(FAILED)
        return
    if switch and address(target) == address(settings) and arrived(settings):
        _tell(common, settings, Moved(before=True), None)
        return
    with moving(settings, target, batch) as both, Bar("moving") as bar:
        done = verify(both, bar) if verify_only else move(both, bar, switch=switch or back)
        gone = done.good and (done.held is not None or done.before)
        entered = _enter(settings, target) if gone else None
        if gone:
            finish(both)
    _tell(common, settings, done, entered)
    if not done.good:
        raise click.exceptions.Exit(FAILED)


def _target(settings: Settings, to: str | None, schema: str | None, *, back: bool) -> Settings:
    if to is not None:
        return elsewhere(settings, to, schema)
    if not back:
        raise click.UsageError("--to says where to")
    note = note_of(settings)
    if note is None:
        raise InvalidInput("This store was not moved", field="back", hint="Name the store to go to with --to.")
    place, _, named = note.other.partition("#")
    target = elsewhere(settings, place, schema or named or None)
    before = note.detail.get(INDEX)  # what was left may have had its index elsewhere
    return target if before in {None, index_url(target)} else with_index(target, before)


def _enter(settings: Settings, target: Settings) -> Entered:
    """Have the settings name the new place."""
    now, then = settings.store, target.store
    store = {"url": secret(then.url) or None, "replica_url": None}
    if then.schema_name != now.schema_name:
        store["schema_name"] = then.schema_name
    if then.url is None and then.file != now.file:
        store["file"] = then.file
    return enter(settings, {"store": store, **_index(settings, target)})


def _index(settings: Settings, target: Settings) -> dict[str, dict[str, str | None]]:
    then = secret(target.vectors.url) or None
    return {} if then == (secret(settings.vectors.url) or None) else {"vectors": {"url": then}}


def _change_index(common: Common, settings: Settings, target: Settings) -> None:
    """Fill another index while the one there is answers, then have the settings name it."""
    with Bar("filling") as bar:
        done = fill(target, bar)
    entered = enter(settings, _index(settings, target)) if done.good else None
    server = record.running(settings.home) if entered is not None else None
    if common.as_json:
        restart = None if server is None else server.pid
        emit({"told": done.told, "held": done.held, "missing": done.missing, "same": done.good,
              "settings": _entered(entered), "restart": restart})  # fmt: skip
    else:
        click.echo(f"the index has {done.held:,} vectors" + ("" if done.good else f", {done.missing:,} are missing"))
        if entered is not None:
            _tell_settings(entered, server, "`recollect migrate --end` ends what is noted for the former index")
    if not done.good:
        raise click.exceptions.Exit(FAILED)


def _end(common: Common, settings: Settings) -> None:
    note, indexes = end_of(settings), forget_indexes(settings)
    if common.as_json:
        emit({"ended": note is not None or bool(indexes), "other": None if note is None else note.other,
              "indexes": indexes})  # fmt: skip
        return
    if note is None and not indexes:
        click.echo("nothing was being moved")
    if note is not None:
        click.echo(f"changes are noted no more; what is at {note.other} may be deleted")
    for place in indexes:
        click.echo(f"the index at {place} is told no more; its collections may be deleted")


def _tell_plan(common: Common, found: Plan) -> None:
    if common.as_json:
        emit({"from": found.source, "to": found.target, "tables": dict(found.tables), "rows": found.rows,
              "bytes": found.bytes, "seconds": found.seconds, "there": found.found.state,
              "version": found.found.version, "possible": found.found.good})  # fmt: skip
        return
    version = f" ({found.found.version})" if found.found.version else ""
    click.echo(f"from {found.source}\nto   {found.target}, {found.found.state}{version}")
    for name, rows in found.tables.items():
        if rows:
            click.echo(f"  {name:<16}{rows:>12,}")
    click.echo(f"{found.rows:,} rows, {found.bytes / 1e6:,.1f} MB: about {found.seconds:,.0f} s")
    if not found.found.good:
        click.echo("it cannot go there: name an empty database, another schema (--schema) or another file", err=True)


def _tell(common: Common, settings: Settings, done: Moved, entered: Entered | None) -> None:
    server = record.running(settings.home) if entered is not None else None
    if common.as_json:
        emit(_as_json(done, entered, server))
        return
    if done.before:
        click.echo("it was changed over before")
    else:
        _tell_proof(done)
    if done.held is not None:
        click.echo(f"changed over; writers waited {done.held:.2f} s")
    elif done.good and not done.before:
        click.echo("nothing was changed over: --switch does that, and takes over what is written until then")
    if entered is not None:
        left = f"what was left stays at {address(settings)}; `recollect migrate --back` returns to it, --end forgets it"
        _tell_settings(entered, server, left)


def _tell_proof(done: Moved) -> None:
    pace = f", {done.rows / done.seconds:,.0f} a second" if done.rows and done.seconds else ""
    rows = sum(table.source for table in done.tables)
    click.echo(f"{done.rows:,} rows copied{pace}; {done.caught_up:,} changes taken over")
    for table in done.tables:
        for one in table.differences:
            click.echo(f"{one.table} {list(one.key)}: {one.how} in the target", err=True)
        if not table.same:
            click.echo(f"{table.table} differs: {table.source:,} rows and {table.target:,}", err=True)
    for text in done.differing:
        click.echo(f"answered differently: {text}", err=True)
    if done.good:
        click.echo(f"{rows:,} rows compared, all the same; {done.asked} questions asked, all answered alike")


def _tell_settings(entered: Entered, server: record.Record | None, left: str) -> None:
    if entered.written is not None:
        click.echo(f"{entered.written} is changed")
    else:
        click.echo(f"Change the settings yourself ({entered.because}):\n  " + "\n  ".join(entered.lines))
    if server is not None:
        click.echo(
            f"the server (process {server.pid}) ends by itself, to be started on the new one; "
            "restart assistants that have the store open"
        )
    click.echo(left)


def _as_json(done: Moved, entered: Entered | None, server: record.Record | None) -> dict[str, Any]:
    return {
        "rows": done.rows,
        "seconds": round(done.seconds, 3),
        "changes": done.caught_up,
        "index": done.told_index,
        "tables": {
            table.table: {"source": table.source, "target": table.target, "checksum": table.target_sum,
                          "same": table.same,
                          "differences": [{"key": list(one.key), "how": one.how} for one in table.differences]}
            for table in done.tables
        },
        "asked": done.asked,
        "answered_differently": done.differing,
        "same": done.good,
        "switched": done.held is not None or done.before,
        "held_seconds": done.held,
        "settings": _entered(entered),
        "restart": None if server is None else server.pid,
    }  # fmt: skip


def _entered(entered: Entered | None) -> dict[str, Any] | None:
    if entered is None:
        return None
    written = None if entered.written is None else str(entered.written)
    return {"file": written, "lines": list(entered.lines), "because": entered.because}
