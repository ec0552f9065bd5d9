"""Tells by its first bytes what a database file is, without opening it."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Final

PLAIN: Final = b"SQLite format 3\x00"
PAGE: Final = 4096
"""Bytes of a page: an encrypted file is nothing but whole ones."""


class Form(Enum):
    """What a file looks like."""

    NONE = "none"
    PLAIN = "plain"
    CLOSED = "closed"
    """Encrypted, or something that happens to be as long."""
    OTHER = "other"


def form_of(path: Path) -> Form:
    """Return what a database file looks like; an empty one, or none, is `NONE`."""
    try:
        with path.open("rb") as file:
            head = file.read(len(PLAIN))
            size = file.seek(0, 2)
    except OSError:
        return Form.NONE
    if not size:
        return Form.NONE
    if head == PLAIN:
        return Form.PLAIN
    return Form.CLOSED if size % PAGE == 0 else Form.OTHER
