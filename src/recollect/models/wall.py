"""How far whatever runs now may look: a store that has walls of its own puts them there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from recollect.models.scope import Reach

_WALLS: ContextVar[tuple[Reach, ...]] = ContextVar("recollect_walls", default=())


def walls() -> tuple[Reach, ...]:
    """Return the reaches that all cover what may be seen now; none of them means that everything may."""
    return _WALLS.get()


@contextmanager
def walled(reach: Reach | None) -> Iterator[None]:
    """Have what runs meanwhile look no further than this reach, and than those it stands in; `None` adds no wall.

    It holds for this task and for what the task waits for.
    """
    if reach is None or reach in _WALLS.get():
        yield
        return
    token = _WALLS.set((*_WALLS.get(), reach))
    try:
        yield
    finally:
        _WALLS.reset(token)
