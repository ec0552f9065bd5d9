"""What a restore drill needs: a store of random data that is written to, ways to destroy it, and all of its rows."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg

from recollect import AsyncMemory
from recollect.app.tables import open_tables
from recollect.errors import RecollectError
from recollect.exchange import Piece
from recollect.settings import Settings, load
from recollect.testing.embedder import FakeEmbedder

WORDS = ["lighthouse", "harbour", "灯塔", "tabs", "oolong", "茶", "café", "👩‍👩‍👧", "\x7f", "'", '"', "\\", "%", "{}"]
BATCH = 5
"""Turns that are captured in one transaction: a backup has all of them or none."""

Rows = dict[str, list[list[Any]]]


def chosen(home: Path, url: str | None = None, schema: str = "recollect", **more: Mapping[str, Any]) -> Settings:
    """Return the settings of a store in a folder, or in a database."""
    store = {} if url is None else {"store": {"url": url, "schema_name": schema}}
    return load(home, {**store, "worker": {"poll": 0.05}, **more}, {}).settings


def opened(settings: Settings) -> AsyncMemory:
    return AsyncMemory(settings=settings, embed=FakeEmbedder())


def silent(done: int, total: int | None, note: str = "") -> None:
    """Take no notice of progress."""


class Story:
    """Writes at random, and knows what was acknowledged."""

    def __init__(self, memory: AsyncMemory, seed: int) -> None:
        self._memory, self._luck = memory, random.Random(seed)
        self.batches: list[tuple[str, ...]] = []
        self.gone: set[str] = set()
        self.there: list[str] = []

    def text(self) -> str:
        return " ".join(self._luck.choices(WORDS, k=self._luck.randrange(3, 40))) + f" {self._luck.random()}"

    async def go_on(self, steps: int) -> None:
        """Write so many things, each of its own kind."""
        for _ in range(steps):
            await self._luck.choice((self._talk, self._talk, self._note, self._note, self._revise, self._delete))()

    async def _talk(self) -> None:
        turns = [{"role": self._luck.choice(("user", "assistant")), "content": self.text()} for _ in range(BATCH)]
        done = await self._memory.capture(
            turns,
            conversation_id=f"c{self._luck.randrange(9)}",
            user_id=self._luck.choice(("alice", "陈")),
            project_id=self._luck.choice(("web", "app")),
        )
        self.batches.append(tuple(name for name in done.ids if name))

    async def _note(self) -> None:
        about = {"a": None, "b": [1, 2.5, "三"], "c": {"d": self._luck.random()}, "big": 2**53 + 1}
        kept = await self._memory.add(self.text(), user_id="alice", metadata=about, importance=self._luck.random())
        self.there.append(kept.id)

    async def _revise(self) -> None:
        if self.there:
            await self._memory.update(self._luck.choice(self.there), text=self.text())

    async def _delete(self) -> None:
        if self.there:
            name = self.there.pop(self._luck.randrange(len(self.there)))
            await self._memory.delete(name)
            self.gone.add(name)


@asynccontextmanager
async def written_to(story: Story) -> AsyncIterator[None]:
    """Go on writing, as fast as it is taken, while something else is done."""
    stopped = asyncio.Event()

    async def writing() -> None:
        while not stopped.is_set():
            await story.go_on(1)

    work = asyncio.create_task(writing())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        stopped.set()
        await work


async def rows_of(settings: Settings) -> Rows:
    """Return every row of every table; what only one database has besides is its own affair."""
    found: Rows = {}

    def sink(piece: Piece) -> None:
        found.setdefault(piece.table, []).extend(map(list, piece.rows))

    tables = open_tables(settings)
    try:
        await tables.copy(sink)
    finally:
        await tables.close()
    return found


def destroy(settings: Settings) -> None:
    """Let a store be gone: the file overwritten, or the schema dropped."""
    if settings.store.url is None:
        settings.database.write_bytes(b"\0" * 4096)
        for end in ("-wal", "-shm"):
            settings.database.with_name(settings.database.name + end).unlink(missing_ok=True)
        return
    with psycopg.connect(settings.store.url.get_secret_value(), autocommit=True) as connection:
        connection.execute("SET client_min_messages = error")
        connection.execute(f'DROP SCHEMA "{settings.store.schema_name}" CASCADE')


def schemas(url: str) -> set[str]:
    """Return the schemas of a database that are not its own."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%'").fetchall()
    return {name for (name,) in rows} - {"public", "information_schema"}


def refused(error: RecollectError) -> str:
    """Return what an error says, with what to do."""
    return f"{error.message} {error.hint}"
