"""Checks of what lies on disk: whether it is encrypted, where its key is, and what can be read all the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from recollect.app.store_key import key_place
from recollect.errors import ConfigError
from recollect.hooks import spool
from recollect.ops.check import Check, Status
from recollect.settings import Settings
from recollect.stores.sql.head import Form, form_of

NAME = "encryption"
LEFT = (".making", ".making-journal", ".old")
"""Ends of the names of what an exchange of keys that was broken off leaves beside the store."""


def at_rest(settings: Settings) -> Iterator[Check]:
    """Yield how the store lies on disk; whether its key is the right one shows when it is opened."""
    if settings.store.url is not None:
        return
    try:
        place = key_place(settings)
    except ConfigError as error:
        yield Check(NAME, Status.FAIL, error.message, error.hint)
        return
    left = [name for end in LEFT if (name := settings.database.name + end) and (settings.home / name).exists()]
    if left:
        yield Check(NAME, Status.WARN, f"an exchange of keys was broken off: {', '.join(left)}", "recollect encrypt")
    if place is None:
        if form_of(settings.database) is not Form.CLOSED:
            yield Check(NAME, Status.OK, "off: who can read the data directory can read what is in it")
        return
    if find_spec("sqlcipher3") is None:
        yield Check(NAME, Status.FAIL, "SQLCipher is not installed", "pip install 'recollect[encrypted]'")
        return
    readable = list(_readable(settings))
    yield from readable
    if not readable:
        yield Check(NAME, Status.OK, f"SQLCipher (AES-256), key in {place.name}")


def _readable(settings: Settings) -> Iterator[Check]:
    """Yield what can be read in spite of the encryption, and what makes reading easy."""
    path = settings.store.key_file if settings.store.key is None else None
    if path is not None and path.exists():
        if os.name != "nt" and path.stat().st_mode & 0o077:
            yield Check(NAME, Status.WARN, f"the key {path} can be read by others", f"chmod 600 {path}")
        if path.resolve().is_relative_to(settings.home.resolve()):
            remedy = "Move it out of the data directory: who copies that has both."
            yield Check(NAME, Status.WARN, f"the key {path} lies beside what it opens", remedy)
    if settings.backup.to is not None and settings.backup.passphrase is None:
        yield Check(NAME, Status.WARN, "backups are not encrypted", "Set backup.passphrase.")
    if settings.retention.to is not None and settings.retention.passphrase is None:
        yield Check(NAME, Status.WARN, "texts on the cold shelf are not encrypted", "Set retention.passphrase.")
    place = spool.folder(str(settings.home))
    plain = len(spool.pending(place)) + len(spool.pending(str(Path(place, spool.FAILED))))
    if plain:
        yield Check(NAME, Status.WARN, f"{plain:,} events of hooks lie in {place} as plain files", "recollect serve")
