"""Opaque cursors for lists that a store gives from the top only."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from recollect.errors import InvalidInput

T = TypeVar("T")
DEEPEST: Final = 100_000
"""Entries into a list that a cursor may lead; who wants all of them exports."""


async def page(
    ask: Callable[[int], Awaitable[Sequence[T]]], limit: int, cursor: str | None
) -> tuple[Sequence[T], str | None]:
    """Return one page of a list and the cursor of the next; `ask` gives that many entries from the top.

    The cursor counts entries: where some came or went in between, an entry may be told twice or passed over.
    """
    start = 0 if cursor is None else _opened(cursor)
    found = await ask(start + limit + 1)
    end = start + limit
    return found[start:end], _closed(end) if len(found) > end else None


def _closed(start: int) -> str:
    return base64.urlsafe_b64encode(f"from {start}".encode()).decode().rstrip("=")


def _opened(cursor: str, deepest: int = DEEPEST) -> int:
    start = -1
    try:
        word, _, digits = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").partition(" ")
        if word == "from" and digits.isdecimal() and len(digits) < 20:
            start = int(digits)
    except (ValueError, binascii.Error):
        pass
    if not 0 <= start <= deepest:
        raise InvalidInput("The cursor is not one of ours", field="cursor", hint="Pass back what the page before gave.")
    return start


def after(cursor: str | None) -> int | None:
    """Return the number that a page begins beyond, `None` for the first page."""
    return None if cursor is None else _opened(cursor, 2**63 - 1)


def before(found: Sequence[T], limit: int, number_of: Callable[[T], int]) -> str | None:
    """Return the cursor of the page after this one, of a list whose entries are numbered; `None` at its end."""
    return _closed(number_of(found[-1])) if len(found) == limit else None
