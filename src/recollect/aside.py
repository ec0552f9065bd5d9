"""Work that would keep an event loop from everyone else is done on a thread beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from contextlib import suppress
from contextvars import copy_context
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


def on_thread(threads: Executor, work: Callable[[], T], *, drop: bool = False) -> asyncio.Future[T]:
    """Begin `work` on one of the threads, in the caller's context; who is cancelled leaves it running to its end.

    With `drop` it is not begun any more once whoever awaits it was cancelled. What is returned is a future of the
    caller's loop: until who awaits it goes on takes a turn of the loop less than with `run_in_executor`.
    """
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[T] = loop.create_future()

    def done(running: Future[T]) -> None:
        with suppress(RuntimeError):  # the loop was closed: nobody waits
            loop.call_soon_threadsafe(_settle, waiting, running)

    running = threads.submit(copy_context().run, work)
    running.add_done_callback(done)
    if drop:
        waiting.add_done_callback(lambda _: running.cancel())
    return waiting


def _settle(waiting: asyncio.Future[T], running: Future[T]) -> None:
    """Hand over how it ended, unless nobody waits any more."""
    if waiting.done():
        return
    if running.cancelled():
        waiting.cancel()
    elif error := running.exception():
        waiting.set_exception(error)
    else:
        waiting.set_result(running.result())


def size(value: object, deep: int = DEEP) -> int:
    """Return about how many characters there are to be read in a value: a text, or lists and objects of texts."""
    if isinstance(value, str):
        return len(value)
    if not deep or not isinstance(value, Mapping | list | tuple):
        return 0
    inner = value.values() if isinstance(value, Mapping) else value
    return (EACH if isinstance(value, Mapping) else 0) + sum(size(one, deep - 1) for one in inner)
