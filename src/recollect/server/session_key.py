"""The key that seals the sessions of browsers: made at the first start, so that a restart signs nobody out."""

from __future__ import annotations

import secrets
from pathlib import Path

from recollect.server.private import create_private, write_private

BYTES = 32


def session_key(home: Path) -> bytes | None:
    """Return the key of a data directory; servers that start at once end with the same one.

    `None` where the file cannot be read or written: sessions then end with the server.
    """
    path = home / "session.key"
    try:
        if not (_read(path) or create_private(path, f"{secrets.token_hex(BYTES)}\n")) and not _read(path):
            write_private(path, f"{secrets.token_hex(BYTES)}\n")  # an empty or broken file is no key
        return _read(path)
    except OSError:
        return None


def _read(path: Path) -> bytes | None:
    try:
        found = bytes.fromhex(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None
    return found if len(found) == BYTES else None
