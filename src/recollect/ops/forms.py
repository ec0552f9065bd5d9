"""Tells, before the store is opened and thereby upgraded, that it will be, and what the way back is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from recollect.app.former import REMINDER
from recollect.app.stores import place_of
from recollect.errors import RecollectError
from recollect.ops.check import Check, Status
from recollect.settings import Settings
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import HEAD, version


async def forms(settings: Settings) -> Sequence[Check]:
    """Return a warning where a database on a server is about to be brought to this release's form.

    Of a file a copy is kept, and says so itself.
    """
    return await asyncio.to_thread(_forms, settings) if settings.store.url is not None else ()


def _forms(settings: Settings) -> Sequence[Check]:
    try:
        database = Database(place_of(settings))
        try:
            found = database.read_now(version)
        finally:
            database.close_now()
    except RecollectError:  # opening the store says it
        return ()
    if found is None or found >= HEAD:
        return ()
    detail = f"the database was of form {found} and is brought to {HEAD}; no copy of it was made"
    return (Check("upgrade", Status.WARN, detail, REMINDER),)
