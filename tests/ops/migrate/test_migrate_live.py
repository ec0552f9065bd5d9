"""A store is moved under writers, by a command that is killed on the way, and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.servers import Postgres
from tests.stores.rows import contents

from recollect import AsyncMemory
from recollect.app.moving import store_of
from recollect.settings import load
from recollect.stores.sql.schema import chunk, memory, vector
from recollect.testing.embedder import FakeEmbedder

BUSY = Path(__file__).parent / "busy.py"
SETTINGS = '[embedder]\nprovider = "none"\n'


class Writer:
    """One busy process, and what it was told is kept."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.kept: dict[str, str] = {}
        self.gone: set[str] = set()
        self.moves = 0
        self.longest = 0.0
        self._hearing = asyncio.create_task(self._hear())

    @classmethod
    async def start(cls, home: Path, name: str) -> Writer:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(BUSY), str(home), name, stdin=pipe, stdout=pipe
        )
        return cls(process)

    async def _hear(self) -> None:
        assert self._process.stdout is not None
        last = None
        async for line in self._process.stdout:
            now = time.monotonic()
            self.longest, last = max(self.longest, now - (last or now)), now
            told = json.loads(line)
            self.moves += "moved" in told
            if "kept" in told:
                self.kept[told["kept"]] = told["text"]
            if "gone" in told:
                self.gone.add(told["gone"])

    async def past(self, number: int) -> None:
        """Wait until it has kept so many more."""
        wanted = len(self.kept) + number
        while len(self.kept) < wanted:
            assert not self._hearing.done(), "the writer ended"
            await asyncio.sleep(0.05)

    async def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"over\n")
        await self._process.stdin.drain()
        await self._hearing
        assert await self._process.wait() == 0


async def migrate(home: Path, *arguments: str, killed_after: float | None = None) -> dict[str, Any] | None:
    """Run the command; return what it says, `None` where it was killed first."""
    command = [sys.executable, "-c", "from recollect.cli.main import main; main()", "migrate", "--home", str(home)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, *arguments, "--json", stdout=pipe, stderr=pipe)
    if killed_after is not None:
        try:
            await asyncio.wait_for(process.wait(), killed_after)
        except TimeoutError:
            process.kill()
            await process.communicate()
            return None
    out, err = await process.communicate()
    assert process.returncode == 0, (out.decode(), err.decode())
    found: dict[str, Any] = json.loads(out)
    return found


async def check(home: Path, writers: Sequence[Writer]) -> None:
    """Everything that was acknowledged is in the store that the settings name now, and nothing that was deleted."""
    with store_of(load(home).settings) as database:
        rows = database.read_now(lambda connection: connection.exec_driver_sql("SELECT id, text FROM memory").all())
    texts = {str(name): str(text) for name, text in rows}
    for writer in writers:
        assert writer.gone.isdisjoint(texts)
        for name, text in writer.kept.items():
            if name not in writer.gone:
                assert texts.get(name) == text, (name, text)


STEP = 2000
"""Memories that are really written; of more, the others are copies of their rows: a hundredth of the time."""


def multiplied(home: Path, times: int) -> None:
    """Copy every memory so often, under ids and keys of its own, with its chunks and vectors."""

    def work(connection: sa.Connection) -> None:
        far = 1 + max(
            connection.execute(sa.select(sa.func.max(next(iter(table.primary_key.columns))))).scalar_one()
            for table in (memory, chunk, vector)
        )
        for number in range(1, times):
            shift = number * far
            changed = {
                memory: {"key": memory.c.key + shift, "text": memory.c.text + f" copy {number}"}
                | {name: memory.c[name] + f"-{number}" for name in ("id", "dedupe")},
                chunk: {"key": chunk.c.key + shift, "memory": chunk.c.memory + shift},
                vector: {"seq": vector.c.seq + shift, "chunk": vector.c.chunk + shift},
            }
            for table, columns in changed.items():
                rows = sa.select(*(columns.get(one.name, one) for one in table.c))
                first = rows.where(next(iter(table.primary_key.columns)) < far)
                connection.execute(sa.insert(table).from_select(list(table.c.keys()), first))

    with store_of(load(home).settings) as database:
        database.write_now(work)


async def filled(home: Path, many: int) -> None:
    await written(home, min(many, STEP))
    if many > STEP:
        await asyncio.to_thread(multiplied, home, many // STEP)


async def written(home: Path, many: int) -> None:
    home.mkdir()
    (home / "recollect.toml").write_text(SETTINGS, encoding="utf-8")
    async with AsyncMemory(home, embed=FakeEmbedder()) as opened:
        for start in range(0, many, 500):
            notes = [
                f"note {number} of {number % 97}: 第{number % 13}座灯塔"
                for number in range(start, min(start + 500, many))
            ]
            await opened.add_all([{"text": text} for text in notes], user_id=f"u{start % 3000 // 500}")
        await opened.drain()


async def move_under_writers(home: Path, url: str, kills: int, seed: int, least: float, most: float) -> dict[str, Any]:
    """Move there with so many kills on the way, and back; return what was told of the first."""
    writers = [await Writer.start(home, name) for name in ("ann", "bob")]
    chance = random.Random(seed)
    await asyncio.gather(*(writer.past(10) for writer in writers))
    done = None
    for _ in range(kills):
        done = done or await migrate(
            home, "--to", url, "--switch", "--batch", "200", killed_after=chance.uniform(least, most)
        )
    before = load(home).settings
    told = done or await migrate(home, "--to", url, "--switch")
    assert told is not None
    assert (told["same"], told["switched"]) == (True, True)
    await asyncio.gather(*(writer.past(20) for writer in writers))
    assert all(writer.moves for writer in writers)
    back = await migrate(home, "--back")
    assert back is not None
    assert back["same"]
    await asyncio.gather(*(writer.past(5) for writer in writers))
    await asyncio.gather(*(writer.end() for writer in writers))
    await check(home, writers)
    return {**told, "back": back["held_seconds"], "longest": max(writer.longest for writer in writers), "from": before}


@pytest.mark.slow
async def test_a_store_in_use_is_moved_by_a_command_that_is_killed(tmp_path: Path, postgres_server: Postgres) -> None:
    home = tmp_path / "home"
    await filled(home, 3000)
    await move_under_writers(home, postgres_server.database(), kills=4, seed=11, least=1.5, most=6.0)


@pytest.mark.slow
@pytest.mark.timeout(3000)
async def test_a_hundred_thousand_memories_are_moved_under_writers(
    tmp_path: Path, postgres_server: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    home, url = tmp_path / "home", postgres_server.database()
    await filled(home, int(os.environ.get("RECOLLECT_MOVE", "100000")))
    told = await move_under_writers(home, url, kills=5, seed=12, least=5.0, most=40.0)
    with capsys.disabled():
        print({name: told[name] for name in ("rows", "seconds", "changes", "held_seconds", "back", "longest")})  # noqa: T201


async def test_both_are_the_same_after_a_move_without_anybody_writing(
    tmp_path: Path, postgres_server: Postgres
) -> None:
    home = tmp_path / "home"
    await filled(home, 100)
    before = load(home).settings
    told = await migrate(home, "--to", postgres_server.database(), "--switch", "--batch", "50")
    assert told is not None
    assert told["asked"] == 50
    after = load(home).settings
    assert after.store.url is not None
    with store_of(before) as old, store_of(after) as new:
        assert contents(old) == contents(new)
