"""Over PostgreSQL, too, what was acknowledged is there, whoever is killed: a writer, or the server itself."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.servers import Postgres, debian, postgres

from recollect import AsyncMemory
from recollect.errors import StoreError
from recollect.testing.embedder import FakeEmbedder

WRITER = Path(__file__).parents[1] / "writer.py"
PACE = {"worker": {"poll": 0.05}}


@pytest.fixture(scope="module")
def doomed() -> Iterator[Postgres]:
    """Return a server that may be killed, with the safety that a server has by default."""
    with postgres(debian(), ()) as server:
        yield server


def home_of(folder: Path, url: str) -> Path:
    """Make a data directory whose store is a database."""
    folder.mkdir()
    (folder / "recollect.toml").write_text(f'[store]\nurl = "{url}"\n', encoding="utf-8")
    return folder


async def writer(home: Path, name: str, batches: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(WRITER), str(home), name, str(batches), stdout=asyncio.subprocess.PIPE
    )


async def told(process: asyncio.subprocess.Process, killed_after: float | None = None) -> dict[str, list[str]]:
    """Return what a writer was told is kept: marker -> ids; and what it embedded. It may be killed after its first."""
    assert process.stdout is not None
    heard = [await process.stdout.readline()]
    if killed_after is not None:
        await asyncio.sleep(killed_after)
        process.kill()
    heard += [line async for line in process.stdout]
    lines = [json.loads(line) for line in heard if line.endswith(b"\n")]
    return {line.get("marker", "embedded"): line.get("ids") or line["embedded"] for line in lines}


async def check_whole(url: str, kept: dict[str, list[str]]) -> None:
    """Look through the back door: what was told is there, and no batch is there by half."""
    async with await psycopg.AsyncConnection.connect(url) as door:
        rows = await (await door.execute("SELECT id, text FROM memory WHERE kind = 'turn'")).fetchall()
        texts: dict[str, str] = dict(rows)
        for marker, ids in kept.items():
            assert [texts[name].split(" I ")[0] for name in ids] == [f"{marker} item{at}" for at in range(len(ids))]
        for marker, count in Counter(text.split()[0] for text in texts.values()).items():
            assert count == int(marker.rpartition("y")[2]), f"half of {marker} is there"
        for lacking in (
            "SELECT count(*) FROM memory m WHERE NOT EXISTS (SELECT 1 FROM chunk WHERE memory = m.key)",
            "SELECT count(*) FROM memory m WHERE NOT EXISTS (SELECT 1 FROM change WHERE memory = m.key)",
            "SELECT count(*) FROM (SELECT 1 FROM memory WHERE position > 0 GROUP BY conversation, position "
            "HAVING count(*) > 1) AS twice",
            "SELECT count(*) FROM tenant_size s WHERE chunks <> (SELECT count(*) FROM chunk WHERE tenant = s.tenant)",
        ):
            assert await (await door.execute(lacking)).fetchone() == (0,), lacking


async def test_writers_killed_at_any_moment_lose_nothing(doomed: Postgres, tmp_path: Path) -> None:
    url, seed = doomed.database(), random.Random(7)
    home = home_of(tmp_path / "home", url)
    kept: dict[str, list[str]] = {}
    for number in range(2):
        pair = [await writer(home, f"w{number}{side}", 0) for side in "ab"]
        for part in await asyncio.gather(*(told(process, seed.uniform(0, 0.5)) for process in pair)):
            kept |= part
        await asyncio.gather(*(process.wait() for process in pair))
    assert len(kept) >= 4
    await check_whole(url, kept)
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=PACE) as memory:
        for marker, ids in list(kept.items())[:10]:
            assert set(ids) <= {hit.memory.id for hit in await memory.search(marker, limit=100)}
        await asyncio.wait_for(memory.drain(), 200)
        assert (await memory.app.upkeep.condition("fake")).unembedded == 0


async def test_two_processes_write_and_work_side_by_side_and_do_nothing_twice(doomed: Postgres, tmp_path: Path) -> None:
    url = doomed.database()
    home = home_of(tmp_path / "home", url)
    processes = [await writer(home, name, 8) for name in ("one", "two", "three")]
    found = await asyncio.gather(*map(told, processes))
    assert [await process.wait() for process in processes] == [0, 0, 0]
    embedded = Counter(text for part in found for text in part.pop("embedded"))
    async with await psycopg.AsyncConnection.connect(url) as door:
        rows = await (await door.execute("SELECT text FROM memory WHERE dense AND kind <> 'summary'")).fetchall()
        assert embedded
        assert not embedded - Counter(text for (text,) in rows)  # a writer works a little longer than it tells
    kept = {marker: ids for part in found for marker, ids in part.items()}
    assert len(kept) == 24
    await check_whole(url, kept)


async def test_a_server_killed_under_load_comes_back_with_all_that_was_acknowledged(
    doomed: Postgres, tmp_path: Path
) -> None:
    url = doomed.database()
    kept: dict[str, str] = {}
    over, grown = asyncio.Event(), asyncio.Condition()

    async def write(memory: AsyncMemory, name: str) -> None:
        number = 0
        while not over.is_set():
            number += 1
            text = f"{name} says zebra number {number}"
            try:
                done = await memory.capture([{"role": "user", "content": text}], user_id=name)
                kept[text] = str(done.ids[0])
            except StoreError:
                await asyncio.sleep(0.2)
            async with grown:
                grown.notify_all()

    async def more() -> None:
        wanted = len(kept) + 10
        async with grown:
            await grown.wait_for(lambda: len(kept) >= wanted)

    settings = {**PACE, "store": {"url": url}}
    async with AsyncMemory(tmp_path / "home", embed=FakeEmbedder(), settings=settings) as memory:
        writing = [asyncio.create_task(write(memory, f"u{number}")) for number in range(2)]
        for _ in range(2):
            await more()
            await asyncio.to_thread(doomed.kill)
            await asyncio.to_thread(doomed.start)
        await more()
        over.set()
        await asyncio.gather(*writing)
        for text, name in kept.items():
            assert (await memory.get(name)).text == text
        await asyncio.wait_for(memory.drain(), 200)
        assert (await memory.app.upkeep.condition("fake")).unembedded == 0
        assert len(await memory.search("zebra", user_id="u0", limit=1000)) > 0


async def test_what_one_process_writes_another_finds_within_a_second(doomed: Postgres, tmp_path: Path) -> None:
    url = doomed.database()
    home = home_of(tmp_path / "home", url)
    async with AsyncMemory(home, embed=FakeEmbedder(), worker=False) as reader:
        assert await reader.search("zebra") == []
        process = await writer(home, "far", 3)
        assert process.stdout is not None
        async for line in process.stdout:
            values, begun = json.loads(line), time.monotonic()
            missing = set(values.get("ids", ()))
            while missing:
                missing -= {hit.memory.id for hit in await reader.search(values["marker"], limit=100)}
                assert time.monotonic() - begun < 10
                await asyncio.sleep(0.01)
        assert await process.wait() == 0
