"""What recollect costs around a search: cold start, resident memory, disk."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figure import percentiles, resident, tell
from bench.pace import Times, in_rounds
from bench.talk import talks
from recollect import AsyncMemory

QUESTION = "What did Anna say about the trip?"


def cold(home: Path, rounds: int) -> dict[str, Any]:
    """Measure `recollect search` from the start of its process to its end; `rounds` in calm moments count."""
    line = [str(Path(sys.executable).with_name("recollect")), "search", QUESTION]

    async def one(_: int) -> float:
        return _run(line, home)

    async def measured() -> Times[float]:
        await one(0)  # brings its files near
        return await in_rounds(one, itertools.count(), rounds, each=1)

    times = asyncio.run(measured())
    return {"search": percentiles(times.calm()), "all": percentiles(times.all()), "pace": times.pace()}


def _run(line: Sequence[str], home: Path) -> float:
    """Return the milliseconds."""
    environment = {**os.environ, "RECOLLECT_HOME": str(home)}
    started = time.perf_counter()
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=120, check=False)
    milliseconds = (time.perf_counter() - started) * 1000
    if done.returncode:
        raise SystemExit(f"recollect search failed: {done.stderr[-300:] or 'no output'}")
    return milliseconds


async def memory(home: Path) -> dict[str, Any]:
    """Measure the memory of a process: bare, with the model loaded, and after searches over the store."""
    figures: dict[str, Any] = {"imported": resident()}
    with tempfile.TemporaryDirectory() as empty:
        async with AsyncMemory(empty) as opened:
            await opened.add("The model is loaded now.")
            await opened.drain()
            await opened.search("Is the model loaded?")
            figures["idle"] = resident()
    questions = json.loads((home / "questions.json").read_text(encoding="utf-8"))
    async with AsyncMemory(home) as opened:
        for owner, text in questions[:100]:
            await opened.search(text, user_id=owner)
        figures["searched"] = resident()
    return figures


async def disk(data: Path, most: int) -> dict[str, Any]:
    """Measure the bytes a captured turn takes, with all that is derived from it."""
    name, found = talks(data, most)
    with tempfile.TemporaryDirectory() as home:
        async with AsyncMemory(home) as opened:
            for title, turns in found:
                await opened.capture(turns, conversation_id=title, user_id="u")
            await opened.drain()
            derived = (await opened.stats(user_id="u")).memories
            await opened.app.database.outside("PRAGMA wal_checkpoint(TRUNCATE)")
        size = sum(path.stat().st_size for path in Path(home).glob("recollect.db*"))
    turns_in = [turn for _, turns in found for turn in turns]
    signs = sum(len(turn["content"].encode()) for turn in turns_in)
    return {
        "name": name,
        "turns": len(turns_in),
        "memories": derived,
        "each": size / len(turns_in),
        "text": signs / len(turns_in),
    }


def main() -> None:
    """Measure one of the three: cold HOME, memory HOME, disk DATA."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("cold", "memory", "disk"))
    parser.add_argument("place", type=Path)
    parser.add_argument("--most", type=int, default=300)
    given = parser.parse_args()
    if given.what == "cold":
        tell(cold(given.place, max(5, given.most // 20)))
    elif given.what == "memory":
        tell(asyncio.run(memory(given.place)))
    else:
        tell(asyncio.run(disk(given.place, given.most)))


if __name__ == "__main__":
    main()
