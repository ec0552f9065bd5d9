"""Opens the store for a command, waits for its work, and says when meaning is missing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import click

from recollect.cli.options import Common
from recollect.cli.progress import Bar
from recollect.errors import InvalidInput, NotFound, ProviderError
from recollect.library import AsyncMemory
from recollect.providers.weights import MINILM, find
from recollect.settings import Settings, load

T = TypeVar("T")

SHORTEST, LONGEST = 6, 36
"""Characters of an id's end that name a memory; the longest is the id itself."""
POLL = 0.2


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work to its end."""
    return asyncio.run(work)


def settings_of(common: Common) -> Settings:
    """Return the settings in force for this call."""
    return load(common.home).settings


@asynccontextmanager
async def opened(
    common: Common, *, worker: bool = False, settings: Settings | None = None
) -> AsyncIterator[AsyncMemory]:
    """Open the store, by other settings than those in force where they are given.

    With `worker` it also works off its jobs, else it only reads and writes.
    """
    level = logging.INFO if common.verbose else logging.CRITICAL
    logging.basicConfig(level=level, format="%(name)s: %(message)s")
    memory = AsyncMemory(settings=settings or settings_of(common), worker=worker)
    try:
        yield memory
    finally:
        await memory.close()


@asynccontextmanager
async def warming(memory: AsyncMemory) -> AsyncIterator[None]:
    """Load the embedder on its own thread while the store is read for the first time."""

    async def load_embedder() -> None:
        with suppress(ProviderError):  # the search itself says what it can do without
            await memory.app.engine.embed.embed(["ready"])

    work = asyncio.create_task(load_embedder()) if memory.app.settings.embedder.provider == "minilm" else None
    try:
        yield
    finally:
        if work is not None:
            await work


def tell_if_words_only(settings: Settings) -> None:
    """Say on stderr when the embedder's weights are not here."""
    chosen = settings.embedder
    if chosen.provider == "minilm" and find(MINILM, settings.home, chosen.weights) is None:
        click.echo("searching by words only; run `recollect models pull`", err=True)


def tell_if_vectors_lack(memory: AsyncMemory) -> None:
    """Say on stderr when the embedder was changed, and neither its vectors nor the former embedder are here."""
    if memory.app.changing.lacking:
        model = memory.app.engine.embed.model
        click.echo(
            f"searching by words only: vectors of {model} are to be made; a server or `recollect reindex` does that",
            err=True,
        )


async def drained(memory: AsyncMemory, label: str = "indexing") -> None:
    """Wait until all jobs are done, showing how far they are."""
    app = memory.app
    work = asyncio.create_task(memory.drain())
    most, pause = 0, POLL
    with Bar(label) as bar:
        while not (await asyncio.wait({work}, timeout=pause))[0]:
            begun = time.monotonic()
            left = (await app.upkeep.condition(app.engine.embed.model)).unembedded
            most, pause = max(most, left), max(POLL, 10 * (time.monotonic() - begun))
            bar(most - left, most)
    await work


async def whole_id(memory: AsyncMemory, given: str) -> str:
    """Return the id that a memory's id or the end of one (at least six characters) stands for.

    Raises InvalidInput for one that is too short or ends several ids, NotFound for one that ends none.
    """
    name = given.strip().lower()
    if not SHORTEST <= len(name) <= LONGEST:
        raise InvalidInput(
            f"{given[:60]!r} is no id", field="id", hint="Give a whole id, or at least the last 6 characters of one."
        )
    found = await memory.app.upkeep.ending(name)
    if not found:
        raise NotFound(f"There is no memory {name}", hint="Ids are shown by search, list and add.")
    if len(found) > 1:
        raise InvalidInput(f"Several ids end in {name}: {', '.join(found)}", field="id", hint="Give more of it.")
    return found[0]
