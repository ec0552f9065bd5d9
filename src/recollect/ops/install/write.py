"""Writes a file of the user's whole or not at all, in its place behind a link, with the rights it had."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PRIVATE: Final = 0o600


def read(path: Path) -> bytes | None:
    """Return what a file holds, `None` where there is none; raise OSError."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def write(path: Path, data: bytes) -> None:
    """Put the bytes in a file's place; a link stays one, and what it leads to is replaced. New files are private."""
    place = Path(os.path.realpath(path))
    for folder in missing(place):
        folder.mkdir(mode=0o700, exist_ok=True)
    try:
        mode = stat.S_IMODE(place.stat().st_mode)
    except FileNotFoundError:
        mode = PRIVATE
    draft = place.with_name(f".{place.name}.{secrets.token_hex(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), PRIVATE)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        draft.chmod(mode)
        draft.replace(place)
    except BaseException:  # no draft stays, however writing ends
        draft.unlink(missing_ok=True)
        raise


def put(path: Path, data: bytes | None) -> None:
    """Give a file these bytes, or, with `None`, remove it (behind a link: what the link leads to)."""
    if data is None:
        Path(os.path.realpath(path)).unlink(missing_ok=True)
    else:
        write(path, data)


def missing(path: Path) -> Iterator[Path]:
    """Yield the directories that have to be made for a file, the outermost first."""
    place = Path(os.path.realpath(path)).parent
    yield from (folder for folder in reversed([place, *place.parents]) if not folder.exists())
