"""Tells a process that its store was moved, so that it ends and is started on the one that took its place."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from recollect.app.moving import left_for
from recollect.errors import RecollectError, StoreMoved
from recollect.settings import Settings, load, secret
from recollect.stores.sql.database import Database
from recollect.stores.sql.left import moved

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between looks at whether the store is still in use."""

PATIENCE = 10.0
"""Seconds that the settings have to name the new store. Who starts anew before that would find the old one."""


async def until_moved(database: Database, settings: Settings) -> StoreMoved:
    """Return, once the store was left for another one, the error that says so.

    It waits for the settings to name another store, but not for long: they may come from elsewhere than their file.
    """
    while (other := await _left_for(database)) is None:  # noqa: ASYNC110 - it is another process that does it
        await asyncio.sleep(LOOK)
    log.warning("The store was moved to %s", other)
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while not _names_another(settings):  # noqa: ASYNC110 - the same
                await asyncio.sleep(LOOK / 5)
    return moved(other)


async def _left_for(database: Database) -> str | None:
    try:
        return await asyncio.to_thread(left_for, database)
    except (RecollectError, RuntimeError):  # it does not answer at the moment, or is being closed
        return None


def _names_another(settings: Settings) -> bool:
    """Whether the settings, read anew, name another store than the one that is open."""
    try:
        found = load(settings.home).settings
    except RecollectError:
        return False
    return _place(found) != _place(settings)


def _place(settings: Settings) -> tuple[str, str, str]:
    store = settings.store
    return secret(store.url), store.schema_name, str(settings.database)
