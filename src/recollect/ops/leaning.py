"""Checks of what a store leans on, for the doctor: workers, a replica, walls, backups, the runs of its policies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from recollect.app import App
from recollect.ops.around import Followed, Kept, backed, followed, kept, waited
from recollect.ops.check import Check, Status
from recollect.settings import Settings
from recollect.stores.postgres.walls import Walls, walls
from recollect.worker.identity import is_gone

LONG: Final = timedelta(minutes=10)
"""After which a job that could be done ought to have been taken."""
SELDOM: Final = timedelta(hours=36)
"""After which a backup is old where nothing says how often they are made."""
SLACK: Final = 1.5
"""How many intervals may pass between two backups."""
LATE: Final = timedelta(hours=6)
"""After which policies that are due ought to have run."""


async def leaning(app: App) -> list[Check]:
    """Return the checks; nothing of what the settings do not name."""
    found = [await _workers(app), *_replica(followed(app), app.settings)]
    if app.settings.store.url is not None:
        found.append(_walls(await app.database.read(walls), wanted=app.settings.store.row_security))
    return [*found, *await _backups(app), *_retention(await kept(app), app.engine.now())]


async def _workers(app: App) -> Check:
    at_work = await app.engine.stores.queue.workers()
    gone = [name for name in at_work if is_gone(name)]
    since = await waited(app)
    who = "recollect serve" if app.settings.server.jobs else "recollect worker, for server.jobs is off"
    if since > LONG and len(at_work) == len(gone):
        detail = f"nobody takes jobs: one that could be done has waited for {_told(since)}"
        return Check("workers", Status.WARN, detail, who)
    if gone:
        detail = f"{len(gone):,} ended while they were at work"
        return Check("workers", Status.WARN, detail, f"The next one that starts takes their jobs back: {who}")
    if since > LONG:
        detail = f"{len(at_work):,} at work, and a job that could be done has waited for {_told(since)}"
        return Check("workers", Status.WARN, detail, "recollect doctor --models: a slow model? Else start another one.")
    return Check("workers", Status.OK, f"{len(at_work):,} at work" if at_work else "none at work, and none is needed")


def _replica(found: Followed | None, settings: Settings) -> Iterator[Check]:
    if found is None:
        return
    if found.behind is None:
        remedy = "Searches read the database itself. Start the replica, or take store.replica_url out."
        yield Check("replica", Status.WARN, "it does not answer", remedy)
    elif found.behind > settings.store.replica_lag:
        detail = f"it has lacked something for {found.behind:,.0f} s: searches read the database itself"
        yield Check("replica", Status.WARN, detail, "pg_stat_replication on the database says how far it is.")
    else:
        yield Check("replica", Status.OK, f"searches read it; it lags for {found.behind:,.1f} s")


def _walls(found: Walls, *, wanted: bool | None) -> Check:
    name = "row security"
    if not found.up:
        return Check(name, Status.OK, "off: the program keeps users apart, the database does not")
    if found.passing:
        remedy = "Name a user in store.url that owns the tables and is neither superuser nor has BYPASSRLS."
        return Check(name, Status.WARN, f"on, but the user {found.passing} is bound by no policy", remedy)
    if found.open:
        remedy = "Start once with store.row_security = false, then with true."
        return Check(name, Status.WARN, f"on, but not for {', '.join(found.open)}", remedy)
    said = "" if wanted else ", though store.row_security does not ask for it"
    return Check(name, Status.OK, f"on for {found.up:,} tables{said}")


async def _backups(app: App) -> list[Check]:
    found = await backed(app)
    if found is None:
        if app.settings.store.url is None:
            return [Check("backups", Status.OK, "no place is named; before an upgrade a copy of the file is kept")]
        remedy = "Set backup.to, and call recollect backup before each upgrade."
        return [Check("backups", Status.WARN, "no place is named, and no copy is made before an upgrade", remedy)]
    if found.error:
        return [Check("backups", Status.WARN, found.error, "recollect backup list")]
    if found.last is None:
        return [Check("backups", Status.WARN, "there is none yet", "recollect backup")]
    age = app.engine.now() - found.last
    most = timedelta(hours=app.settings.backup.every) * SLACK if app.settings.backup.every else SELDOM
    if age > most:
        return [Check("backups", Status.WARN, f"the last one was made {_told(age)} ago", "recollect backup")]
    return [Check("backups", Status.OK, f"the last one was made {_told(age)} ago")]


def _retention(found: Kept | None, now: datetime) -> Iterator[Check]:
    if found is None:
        return
    last = "never" if found.last is None else f"{_told(now - found.last)} ago"
    if found.failed:
        detail = f"the last run of {', '.join(map(repr, found.failed))} failed"
        yield Check("retention", Status.WARN, detail, "recollect retention report says why; run it again.")
    elif found.due is not None and now - found.due > LATE:
        detail = f"policies last ran {last}, and have been due for {_told(now - found.due)}"
        yield Check(
            "retention", Status.WARN, detail, "A server runs them: recollect serve. Or recollect retention run."
        )
    else:
        yield Check("retention", Status.OK, f"policies last ran {last}")


def _told(time: timedelta) -> str:
    """Return a time in words, to the unit that says most."""
    seconds = max(0.0, time.total_seconds())
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:,.0f} seconds"
