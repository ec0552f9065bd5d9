"""Ends a process whose event loop hangs, so that whoever started it starts it anew."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

BEAT = 0.5
"""Seconds between signs of life, and between looks for them."""
FRAMES = 6


class Watchdog:
    """Counts its own looks, not the clock: a process that was paused as a whole has missed none of them."""

    def __init__(self, seconds: float, end: Callable[[], object] | None = None) -> None:
        self._most = max(1, round(seconds / BEAT))
        self._end = end or _end
        self._missed = 0
        self._over = threading.Event()
        self._watched = threading.get_ident()

    def watch(self) -> None:
        """Look until it is over or the sign has been missed too often."""
        while not self._over.wait(BEAT):
            self._missed += 1
            if self._missed > self._most:
                log.critical("The process hangs at %s and ends itself", _place(self._watched))
                self._end()
                return

    async def beat(self) -> None:
        """Give signs of life until cancelled."""
        while True:
            self._missed = 0
            await asyncio.sleep(BEAT)

    def stop(self) -> None:
        """Look no more."""
        self._over.set()


@contextmanager
def watched(seconds: float) -> Iterator[None]:
    """Have the running event loop watched while the block runs; with 0 seconds nobody looks."""
    if not seconds:
        yield
        return
    dog = Watchdog(seconds)
    beating = asyncio.get_running_loop().create_task(dog.beat(), name="recollect-beat")
    threading.Thread(target=dog.watch, name="recollect-watchdog", daemon=True).start()
    try:
        yield
    finally:
        dog.stop()
        beating.cancel()


def _place(thread: int) -> str:
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - the only way to see another thread's frames
    places = traceback.extract_stack(frame)[-FRAMES:] if frame is not None else []
    return " < ".join(f"{place.name}:{place.lineno}" for place in reversed(places)) or "no place"


def _end() -> None:
    os._exit(1)
