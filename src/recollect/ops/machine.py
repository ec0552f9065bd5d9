"""Checks of the machine: Python, SQLite, the data directory, the disk, the embedder's weights."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from recollect.errors import EmbedderMissing
from recollect.ops.check import Check, Status
from recollect.providers.weights import MINILM, find, verify
from recollect.settings import Settings
from recollect.version import __version__

LEAST_SQLITE = (3, 35, 0)
"""RETURNING came with it."""
LOW, NEEDED = 2 << 30, 200 << 20
"""Bytes of free disk below which the doctor warns, and below which writes are about to fail."""


def machine(settings: Settings) -> Iterator[Check]:
    """Yield the checks that need no store."""
    yield Check("recollect", Status.OK, f"{__version__} on Python {platform.python_version()}, {platform.system()}")
    yield _sqlite()
    yield _home(settings.home)
    yield _disk(settings.home)
    yield _weights(settings)


def _sqlite() -> Check:
    with closing(sqlite3.connect(":memory:")) as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < LEAST_SQLITE:
        return Check("sqlite", Status.FAIL, f"{version} is too old", "Use a Python built with SQLite 3.35 or later.")
    if "ENABLE_FTS5" not in options:
        return Check("sqlite", Status.FAIL, f"{version} without FTS5", "Use a Python whose SQLite has FTS5.")
    return Check("sqlite", Status.OK, f"{version} with FTS5")


def _nearest(path: Path) -> Path:
    """Return the path, or the folder above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())


def _home(home: Path) -> Check:
    place = _nearest(home)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return Check("home", Status.FAIL, f"{home} cannot be written", "Mend its rights, or name another with --home.")
    if not home.exists():
        return Check("home", Status.OK, f"{home} is made with the first memory")
    if home.stat().st_mode & 0o077:
        return Check("home", Status.WARN, f"{home} can be read by others", f"chmod 700 {home}")
    return Check("home", Status.OK, str(home))


def _disk(home: Path) -> Check:
    free = shutil.disk_usage(_nearest(home)).free
    detail = f"{free / 2**30:.1f} GB free"
    if free < NEEDED:
        return Check("disk", Status.FAIL, detail, "Free some space before anything is written.")
    if free < LOW:
        return Check("disk", Status.WARN, detail, "Free some space soon.")
    return Check("disk", Status.OK, detail)


def _weights(settings: Settings) -> Check:
    chosen = settings.embedder
    if chosen.provider == "none":
        return Check("embedder", Status.WARN, "none: search goes by words", "Set embedder.provider to minilm.")
    if chosen.provider != "minilm":
        return Check("embedder", Status.OK, f"{chosen.provider}: {chosen.model}")
    place = find(MINILM, settings.home, chosen.weights)
    if place is None:
        return Check("embedder", Status.WARN, f"{MINILM.name} has no weights here", "recollect models pull")
    try:
        verify(MINILM, place, full=True)
    except EmbedderMissing as error:
        return Check("embedder", Status.FAIL, error.message, "recollect models pull")
    return Check("embedder", Status.OK, f"{MINILM.name} ({chosen.precision}), weights verified in {place}")
