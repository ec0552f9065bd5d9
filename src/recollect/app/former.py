"""Keeps a copy of the file as it was, before a new release changes its form: the way back to the release before."""

from __future__ import annotations

import logging
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from recollect.errors import RecollectError
from recollect.settings import Settings
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import HEAD, version

log = logging.getLogger(__name__)

BEFORE: Final = ".before-"
"""What stands between the file's name and the form that came after the copy."""
MOST: Final = 4 << 30
"""Bytes of a file above which a copy takes too long to wait for: there a backup is the way back."""
SPARE: Final = 1.2
"""How much room there must be for each byte of the file."""
DAY: Final = 86_400.0
REMINDER: Final = "Call recollect backup before an upgrade: restored with the release before, it is the way back."
"""What to do where no copy can be kept: in a database on a server."""


def formers(settings: Settings) -> list[Path]:
    """Return the copies there are, the latest last."""
    forms = f"{settings.database.name}{BEFORE}[0-9][0-9][0-9][0-9]"
    return sorted(path for path in settings.database.parent.glob(forms) if path.is_file())


def keep_former(settings: Settings, database: Database) -> Path | None:
    """Copy the file beside itself where it is about to be brought to another form; return the copy.

    Nothing is copied of a file that is too large or has no room beside it, where the settings say so, and of a database
    server's store, which the log tells. Old copies are removed. Raises StoreError where the store cannot be read.
    """
    if settings.store.url is not None:
        _remind(database)
        return None
    if not settings.database.exists():
        return None
    for path in formers(settings):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > settings.store.keep_before_upgrade * DAY:
                path.unlink()
    found = database.read_now(version)
    if found is None or found >= HEAD or settings.store.keep_before_upgrade == 0:
        return None
    if why := _why_not(settings.database):
        log.warning("No copy is kept of the store of form %s before it is brought to %s: %s", found, HEAD, why)
        return None
    return _copied(settings.database, database)


def _remind(database: Database) -> None:
    found = database.read_now(version)
    if found is not None and found < HEAD:
        log.warning("No copy was made of the database of form %s, which is brought to %s. %s", found, HEAD, REMINDER)


def _why_not(file: Path) -> str:
    """Return why no copy is made; "" where one is."""
    size = file.stat().st_size
    if size > MOST:
        return f"it has {size / 2**30:,.1f} GB"
    free = shutil.disk_usage(file.parent).free
    return f"there is only room for {free / 2**20:,.0f} MB" if free < size * SPARE else ""


def _copied(file: Path, database: Database) -> Path | None:
    place = file.with_name(f"{file.name}{BEFORE}{HEAD}")
    draft = file.with_name(f"{file.name}.{os.getpid()}.copy")
    if place.exists():  # of a process that was here first, or broke off after it
        return place
    quoted = str(draft).replace("'", "''")
    try:
        draft.unlink(missing_ok=True)
        database.outside_now(f"VACUUM INTO '{quoted}'")
        draft.chmod(0o600)
        draft.replace(place)
    except (OSError, RecollectError) as error:
        log.warning("No copy could be kept of the store before its upgrade: %s", error)
        return None
    finally:
        draft.unlink(missing_ok=True)
    log.info("The store as it was before this release is kept as %s", place.name)
    return place
