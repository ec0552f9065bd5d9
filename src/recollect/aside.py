"""Work that would keep an event loop from everyone else is done on a thread beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")

MUCH = 50_000
"""Characters that are worth a thread: the rules read them in some twenty milliseconds."""

EACH = 500
"""Characters that take as long as what every text costs besides."""

DEEP = 5
"""So far down texts are looked for."""


async def aside(work: Callable[[], T], much: int) -> T:
    """Return what `work` returns; what is about many characters is done on a thread, while others have the loop.

    Who is cancelled meanwhile leaves it running to its end: `work` must change nothing.
    """
    return work() if much < MUCH else await asyncio.to_thread(work)


def size(value: object, deep: int = DEEP) -> int:
    """Return about how many characters there are to be read in a value: a text, or lists and objects of texts."""
    if isinstance(value, str):
        return len(value)
    if not deep or not isinstance(value, Mapping | list | tuple):
        return 0
    inner = value.values() if isinstance(value, Mapping) else value
    return (EACH if isinstance(value, Mapping) else 0) + sum(size(one, deep - 1) for one in inner)
