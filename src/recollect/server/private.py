"""Writes small files that only their owner can read, whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

MODE = 0o600


def write_private(path: Path, text: str) -> None:
    """Put a file in place; nobody else can read it at any moment, and nobody sees half of it."""
    draft = _drafted(path, text)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def create_private(path: Path, text: str) -> bool:
    """Put a file in place unless there is one; of several processes that do so at once, one succeeds."""
    draft = _drafted(path, text)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def _drafted(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor has no path
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, MODE)  # whatever the umask says
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    return draft
