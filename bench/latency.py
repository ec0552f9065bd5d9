"""How long a search takes over a filled store, the question's embedding included, and what it costs in memory."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from bench.figure import percentiles, resident, tell
from bench.pace import Times, in_rounds
from recollect import AsyncMemory

ROOM = {"store": {"memory_mb": 6144}}
"""A million memories take 1.4 GB; the default setting would leave half of them in the file."""
UNCACHED = {**ROOM, "embedder": {"cache_mb": 0}}
"""Every question is embedded, though it was asked before."""
WARM = 30


async def clocked(work: Callable[[], Awaitable[Any]]) -> float:
    """Return the milliseconds something takes."""
    started = time.perf_counter()
    await work()
    return (time.perf_counter() - started) * 1000


def brought_near(home: Path) -> None:
    """Read a store's file into the operating system's cache: where memory is reclaimed, it may have left it."""
    buffer = bytearray(2**20)
    with (home / "recollect.db").open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


async def measure(home: Path, asked: int) -> dict[str, Any]:
    """Ask a store's own questions: each scope once while it is still in the file, then warm ones.

    `search` and `embedding` are of `asked` in calm moments, `pace` is what those were like, `search_all` is of all.
    """
    questions: list[tuple[str | None, str]] = json.loads((home / "questions.json").read_text(encoding="utf-8"))
    filled = json.loads((home / "filled.json").read_text(encoding="utf-8"))
    owners = list(dict.fromkeys(owner for owner, _ in questions))
    brought_near(home)
    async with AsyncMemory(home, settings=UNCACHED) as memory:
        await memory.app.engine.embed.embed(["ready"])
        before = resident()
        cold = [await _search(memory, owner, "What was said first?") for owner in owners]
        after = resident()
        embedding = await _embedding(memory, [text for _, text in questions[:-WARM]], asked)
        brought_near(home)
        for owner, text in questions[-WARM:]:
            await _search(memory, owner, text)
        again = itertools.cycle(questions[:-WARM])
        times = await in_rounds(lambda one: _search(memory, *one), again, asked)
        held = memory.app.tenants.nbytes
    return {
        "memories": filled["memories"],
        "scopes": len(owners),
        "search": percentiles(times.calm()),
        "search_all": percentiles(times.all()),
        "pace": times.pace(),
        "embedding": percentiles(embedding.calm()),
        "load": percentiles(cold),
        "resident": after,
        "bytes_each": round((after["now"] - before["now"]) * 2**20 / filled["memories"]),
        "held_each": round(held / filled["memories"]),
        "disk_each": round(filled["disk"]),
    }


async def _search(memory: AsyncMemory, owner: str | None, text: str) -> float:
    return await clocked(lambda: memory.search(text, user_id=owner))


async def _embedding(memory: AsyncMemory, texts: Sequence[str], asked: int) -> Times[float]:
    """Return the milliseconds each question's embedding takes alone."""
    embed = memory.app.engine.embed
    return await in_rounds(lambda text: clocked(lambda: embed.embed([text])), itertools.cycle(texts), asked)


def main() -> None:
    """Measure one store."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--asked", type=int, default=300)
    given = parser.parse_args()
    tell(asyncio.run(measure(given.home, given.asked)))


if __name__ == "__main__":
    main()
