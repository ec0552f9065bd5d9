"""What was acknowledged is there and whole, whenever the writer dies and however many write."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory
from recollect.testing.embedder import FakeEmbedder

WRITER = Path(__file__).with_name("writer.py")
KILLS = int(os.environ.get("RECOLLECT_KILLS", "200"))


def start(home: Path, name: str, batches: int = 0) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(WRITER), str(home), name, str(batches)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def killed(home: Path, name: str, seed: random.Random) -> dict[str, list[str]]:
    """Let a writer run and kill it at a random moment; return what it was told is kept: marker -> ids."""
    with start(home, name) as process:
        assert process.stdout is not None
        early = seed.random() < 0.25
        first = b"" if early else process.stdout.readline()
        time.sleep(seed.uniform(0, 1.0) if early else seed.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        rest, errors = process.communicate()
        assert process.returncode == -signal.SIGKILL, errors.decode()
    lines = (first + rest).splitlines(keepends=True)
    told = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return {line["marker"]: line["ids"] for line in told}


def check_whole(home: Path, told: dict[str, list[str]]) -> None:
    """Look through the back door: what was told is there, nothing is half there."""
    with closing(sqlite3.connect(home / "recollect.db")) as door:
        assert door.execute("PRAGMA quick_check").fetchone() == ("ok",)
        assert door.execute("PRAGMA foreign_key_check").fetchall() == []
        texts = dict(door.execute("SELECT id, text FROM memory WHERE kind = 'turn'"))
        for marker, ids in told.items():
            for place, name in enumerate(ids):
                assert texts[name].startswith(f"{marker} item{place} "), (marker, place)
        counts = Counter(text.split()[0] for text in texts.values())
        for marker, count in counts.items():
            assert count == int(marker.rpartition("y")[2]), f"half of {marker} is there"
        for (tenant,) in door.execute("SELECT key FROM tenant").fetchall():
            chunks = {key for (key,) in door.execute("SELECT key FROM chunk WHERE tenant = ?", (tenant,))}
            query = "SELECT rowid FROM words WHERE words MATCH ?"
            assert chunks == {key for (key,) in door.execute(query, (f'scope : "t{tenant}"',))}
        for lacking in (
            "SELECT count(*) FROM memory m WHERE NOT EXISTS (SELECT 1 FROM chunk WHERE memory = m.key)",
            "SELECT count(*) FROM memory m WHERE NOT EXISTS "
            "(SELECT 1 FROM change WHERE memory = m.key AND verb = 'add' AND memory_id = m.id)",
        ):
            assert door.execute(lacking).fetchone() == (0,), lacking
        planned = {
            name
            for (payload,) in door.execute("SELECT payload FROM job WHERE name = 'embed'")
            for name in json.loads(payload).get("ids", ())
        }
        bare = (
            "SELECT m.id FROM memory m JOIN chunk c ON c.memory = m.key AND c.position = 0 AND m.dense"
            " AND m.kind = 'turn' AND NOT EXISTS (SELECT 1 FROM vector WHERE chunk = c.key)"
        )
        assert {name for (name,) in door.execute(bare)} <= planned


async def check_found(home: Path, told: dict[str, list[str]]) -> None:
    """Open the store anew: everything told is found by word at once, and by meaning when the jobs are done."""
    async with AsyncMemory(home, embed=FakeEmbedder(), settings={"worker": {"poll": 0.05}}) as memory:
        for marker, ids in random.Random(1).sample(sorted(told.items()), min(25, len(told))):
            hits = await memory.search(marker, limit=100)
            assert set(ids) <= {hit.memory.id for hit in hits}
        await asyncio.wait_for(memory.drain(), 1200)
        stats = await memory.stats()
        assert (stats.waiting, stats.parked) == (0, 0)
        condition = await memory.app.upkeep.condition("fake")
        assert condition.unembedded == 0


async def survive(home: Path, kills: int) -> None:
    seed = random.Random(4711)
    told: dict[str, list[str]] = {}
    for number in range(0, kills, 2):
        pair = (
            asyncio.to_thread(killed, home, f"writer{number + side}", random.Random(seed.random())) for side in (0, 1)
        )
        for one in await asyncio.gather(*pair):
            told |= one
        if (home / "recollect.db").exists() and told:
            check_whole(home, told)
    assert len(told) > kills / 2
    await check_found(home, told)
    check_whole(home, told)


async def test_a_writer_killed_a_few_times_loses_nothing(home: Path) -> None:
    await survive(home, 12)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_a_writer_killed_hundreds_of_times_loses_nothing(home: Path) -> None:
    await survive(home, KILLS)


async def told_by(process: asyncio.subprocess.Process, reader: AsyncMemory) -> tuple[dict[str, Any], float]:
    """Follow a writer; look for each batch the moment it is told. Return what it told, and the longest wait."""
    assert process.stdout is not None
    told: dict[str, Any] = {}
    longest = 0.0
    async for line in process.stdout:
        values = json.loads(line)
        if "marker" not in values:
            told["embedded"] = values["embedded"]
            continue
        begun = time.monotonic()
        missing = set(values["ids"])
        while missing:
            missing -= {hit.memory.id for hit in await reader.search(values["marker"], limit=100)}
            longest = max(longest, time.monotonic() - begun)
            assert longest < 10, f"{values['marker']} is not found"
        told[values["marker"]] = values["ids"]
    return told, longest


async def test_two_writers_and_a_reader_share_one_store(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), worker=False) as reader:
        command = (sys.executable, str(WRITER), str(home))
        pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
        processes = [
            await asyncio.create_subprocess_exec(*command, name, "25", limit=1 << 24, **pipes)  # type: ignore[arg-type]
            for name in ("anna", "bert")
        ]
        followed = await asyncio.gather(*(told_by(process, reader) for process in processes))
        for process in processes:
            _, errors = await process.communicate()
            assert (process.returncode, errors.decode()) == (0, "")
        told = [one for one, _ in followed]
        assert max(longest for _, longest in followed) < 5, "on idle cores this is a few milliseconds"
        ids = [name for one in told for marker, names in one.items() if marker != "embedded" for name in names]
        assert len(ids) == len(set(ids))
        assert (await reader.stats()).by_kind["turn"] == len(ids)
        assert (await reader.stats()).waiting == 0
        embedded = Counter(text for one in told for text in one["embedded"])
        with closing(sqlite3.connect(home / "recollect.db")) as door:
            query = "SELECT text FROM memory WHERE dense AND kind <> 'summary'"
            there = Counter(text for (text,) in door.execute(query))
        # A turn and the fact in it say the same: such a text is embedded once by each process, or once for each.
        assert set(embedded) == set(there)
        assert embedded <= there
    check_whole(home, {marker: names for one in told for marker, names in one.items() if marker != "embedded"})
