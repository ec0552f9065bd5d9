"""How fast texts become searchable, beside what the embedder alone does on the same texts."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from bench.figure import tell
from bench.synthetic.texts import CACHE
from bench.talk import Talk, talks, texts_of
from recollect import AsyncMemory
from recollect.engine import EMBED
from recollect.models import Embedding
from recollect.ports import Embed
from recollect.providers.minilm import MiniLM

TIMES = 8
"""How many times as often as single adds, which take long, whole conversations are captured."""

LOOK = 0.005
"""Seconds between looks at whether every turn has its vector."""


class Overheard:
    """An embedder that keeps the texts it is handed, for embedding the same ones alone, and tells when it rests."""

    def __init__(self, behind: Embed) -> None:
        self._behind = behind
        self.model, self.dimension, self.window = behind.model, behind.dimension, behind.window
        self.texts: list[str] = []
        self._under_way = 0
        self._done = asyncio.Event()

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Keep the texts and embed them."""
        self.texts += texts
        self._under_way += 1
        try:
            return await self._behind.embed(texts)
        finally:
            self._under_way -= 1
            self._done.set()

    async def rest(self, handed: float) -> None:
        """Wait until it rests and has been handed so many texts."""
        while self._under_way or len(self.texts) < handed:
            self._done.clear()
            await self._done.wait()


async def captured(found: Sequence[Talk], home: str, handed: int = 0) -> tuple[list[str], tuple[float, float, float]]:
    """Capture talk by talk; return what was embedded until every turn had its vector, and three times in seconds.

    They are until all is found by word, by meaning too, and derived from: facts and summaries are made, and embedded,
    when every turn has its vector. Nothing is asked, which takes its time, until the embedder rests and has got nine in
    ten of the texts, `handed` in all, that it is to get.
    """
    embed = MiniLM(CACHE)
    heard = Overheard(embed)
    async with AsyncMemory(home, embed=heard) as memory:
        await embed.embed(["ready"])
        started = time.perf_counter()
        for name, turns in found:
            await memory.capture(turns, conversation_id=name, user_id="u")
        by_word = time.perf_counter() - started
        queue = memory.app.engine.stores.queue

        await heard.rest(0.9 * handed)
        while any(name == EMBED for name, _ in await queue.count()):
            await asyncio.sleep(LOOK)
            await heard.rest(0)
        by_meaning = time.perf_counter() - started
        texts = heard.texts.copy()
        await memory.drain()
        whole = time.perf_counter() - started
    embed.close()
    return texts, (by_word, by_meaning, whole)


async def handed_over(found: Sequence[Talk]) -> list[str]:
    """Return what is embedded until every turn has its vector.

    Found the second time: the first time nobody knows when to ask, and what is derived has begun to be embedded too.
    """
    texts: list[str] = []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as home:
            texts, _ = await captured(found, home, len(texts))
    return texts


async def added(found: Sequence[Talk], home: str) -> float:
    """Add one text after the other; return the seconds until all is searchable by meaning too."""
    async with AsyncMemory(home) as memory:
        await memory.app.engine.embed.embed(["ready"])
        started = time.perf_counter()
        for text in texts_of(found):
            await memory.add(text, user_id="u")
        await memory.drain()
        return time.perf_counter() - started


async def embedded(texts: Sequence[str]) -> float:
    """Embed all texts in one call; return the seconds."""
    embed = MiniLM(CACHE)
    await embed.embed(["ready"])
    started = time.perf_counter()
    await embed.embed(texts)
    seconds = time.perf_counter() - started
    embed.close()
    return seconds


async def measure(data: Path, most: int | None, rounds: int) -> dict[str, Any]:
    """Take all in turn and return texts a second: the middle of each.

    `share` is that of capture in what the embedder alone does on the texts it was handed, just before it and just
    after it: the middle of eight times `rounds`.
    """
    name, found = talks(data, most)
    texts = texts_of(found)
    handed = await handed_over(found)
    ways = ("capture_by_word", "capture", "capture_whole", "embedder_handed", "embedder", "add")
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    seconds["embedder_handed"].append(await embedded(handed))
    for _ in range(TIMES * rounds):
        with tempfile.TemporaryDirectory() as home:
            _, times = await captured(found, home, len(handed))
        for way, one in zip(ways, times, strict=False):
            seconds[way].append(one)
        seconds["embedder_handed"].append(await embedded(handed))
    for _ in range(rounds):
        seconds["embedder"].append(await embedded(texts))
        with tempfile.TemporaryDirectory() as home:
            seconds["add"].append(await added(found, home))
    around = pairwise(seconds["embedder_handed"])
    shares = [sum(two) / 2 / one for two, one in zip(around, seconds["capture"], strict=True)]
    return {
        "texts": len(texts),
        "name": name,
        "words": sum(len(text.split()) for text in texts) / len(texts),
        "share": median(shares),
        "share_all": [round(share, 3) for share in shares],
        "rate": {way: len(texts) / median(times) for way, times in seconds.items()},
        "all": {way: [len(texts) / one for one in times] for way, times in seconds.items()},
    }


def main() -> None:
    """Measure on the texts of a data folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--most", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    tell(asyncio.run(measure(given.data, given.most, given.rounds)))


if __name__ == "__main__":
    main()
