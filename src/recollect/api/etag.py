"""Versions of single memories as entity tags: who changes one can say which version they saw."""

from __future__ import annotations

from typing import Final

from fastapi import HTTPException

from recollect.errors import Conflict
from recollect.library import AsyncMemory
from recollect.models import Memory

MOST: Final = 100
"""Tags of one header that are looked at."""
PASSED = HTTPException(412, "The memory is no longer in the version that If-Match names")


def etag(item: Memory) -> str:
    """Return the entity tag of a memory: its version, which moves with every change."""
    return f'"{item.version}"'


def names(header: str, tag: str, *, weak: bool = False) -> bool:
    """Tell whether a list of tags names this one; weak ones only count where the comparison may be weak (RFC 9110)."""
    for part in header.split(",")[:MOST]:
        given = part.strip()
        if given in {"*", tag} or (weak and given == f"W/{tag}"):
            return True
    return False


async def version_of(memory: AsyncMemory, memory_id: str, if_match: str | None) -> int | None:
    """Return the version a change must find, `None` where the caller names none; raise 412 where it has moved on."""
    if if_match is None:
        return None
    item = await memory.get(memory_id)
    if not names(if_match, etag(item)):
        raise PASSED
    return item.version


def moved(error: Conflict, version: int | None) -> Exception:
    """Return what a conflict means to the caller: 412 where a version was named, else the conflict itself."""
    return error if version is None else PASSED
