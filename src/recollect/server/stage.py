"""Coming up: the store, the token, the embedder, one after the other, each as soon as it can be had."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

from fastapi import FastAPI

from recollect.clock import SystemClock
from recollect.errors import ProviderError, ProviderFailed, StoreBusy
from recollect.library import AsyncMemory
from recollect.ports import Embed
from recollect.server import token
from recollect.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST, LONGEST = 0.1, 2.0
"""Seconds between attempts: at first, and at most."""


async def come_up(
    app: FastAPI,
    settings: Settings,
    made: Callable[[AsyncMemory], None],
    first: Callable[[AsyncMemory], Awaitable[object]],
) -> None:
    """Open the store and hand it to the application; it is ready when this returns.

    `made` is told of the library as soon as there is one, so that it can be closed; `first` is what is done with it
    before the first request is let in. A store that is locked is waited
    for, an embedder that does not answer for `server.patience` seconds. Raises what cannot be waited for.
    """
    working = settings.server.jobs
    memory = await _patiently(lambda: in_background(lambda: AsyncMemory(settings=settings, worker=working)))
    made(memory)
    await _patiently(memory.__aenter__)
    if settings.server.auth:
        await _patiently(
            lambda: token.ensure(settings.home, memory.app.tokens, SystemClock(), shared=settings.store.url is not None)
        )
    app.state.memory = memory
    await warm(memory.app.engine.embed, settings.server.patience)
    await first(memory)
    app.state.ready = True


async def _patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    pause = FIRST
    while True:
        try:
            return await attempt()
        except StoreBusy as error:
            log.warning("The store cannot be had yet: %s", error.message)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST)


async def warm(embed: Embed, patience: float) -> bool:
    """Have the embedder ready, or go on without it when it is missing or does not answer in time; tell which."""
    pause = FIRST
    try:
        async with asyncio.timeout(patience):
            while True:
                try:
                    await embed.embed(["ready"])
                except ProviderFailed as error:
                    log.warning("The embedder does not answer yet: %s", error.message)
                else:
                    return True
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST)
    except ProviderError as error:
        log.warning("Going on by words only: %s", error)
    except TimeoutError:
        log.warning("The embedder did not answer in %g seconds; going on by words until it does", patience)
    return False


async def in_background(work: Callable[[], T]) -> T:
    """Run on a thread that nobody waits for when the process ends: opening a locked store may take half a minute."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()
    outcome: Future[T] = Future()

    def settle() -> None:
        if done.cancelled():
            return
        error = outcome.exception()
        if error is None:
            done.set_result(outcome.result())
        else:
            done.set_exception(error)

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
            outcome.set_exception(error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle)

    threading.Thread(target=run, name="recollect-open", daemon=True).start()
    return await done
