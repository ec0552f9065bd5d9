"""Passes what is done on to whoever measures it, so that the middle needs to know nobody who does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

on_behalf: Final[ContextVar[str]] = ContextVar("on_behalf", default="default")
"""The project that is being worked for, where it is known: who notes what a call costs may be far from who asks."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done.

    `verb` is `capture`, `search`, `context`, `embed`, `job`, `read` or `write`; `way` says which sort of it: how a
    search went, which job. `count` is how many memories, texts or jobs it was about.
    """

    verb: str
    way: str
    seconds: float
    count: int = 0
    failed: bool = False


Meter = Callable[[Deed], None]
"""Told of every deed, on the thread that did it; takes microseconds, never blocks and never raises."""


@dataclass(slots=True)
class Timing:
    """What is filled in while a deed is under way: its way, and how many it was about."""

    way: str
    count: int = 0


@contextmanager
def working_for(project_id: str | None) -> Iterator[None]:
    """Say for which project the work within is done; `None` says nothing."""
    before = None if project_id is None else on_behalf.set(project_id)
    try:
        yield
    finally:
        if before is not None:
            on_behalf.reset(before)


class Meters:
    """Every meter that listens. With none, a deed costs about a microsecond."""

    def __init__(self) -> None:
        self._listening: tuple[Meter, ...] = ()

    def add(self, meter: Meter) -> None:
        """Let a meter hear of every deed from now on; adding it again changes nothing."""
        if meter not in self._listening:
            self._listening = (*self._listening, meter)

    def __call__(self, deed: Deed) -> None:
        """Tell every meter."""
        for meter in self._listening:
            meter(deed)

    @contextmanager
    def timing(self, verb: str, way: str = "", count: int = 0) -> Iterator[Timing]:
        """Measure a block of code and tell of it, as failed when it raises."""
        timing = Timing(way, count)
        begun = time.perf_counter()
        failed = True
        try:
            yield timing
            failed = False
        finally:
            if self._listening:
                self(Deed(verb, timing.way, time.perf_counter() - begun, timing.count, failed))
