"""How fast texts become searchable, beside what the embedder alone does on the same texts."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from bench.figure import median, tell
from bench.pace import Rounds, felt
from bench.synthetic.texts import CACHE
from bench.talk import Talk, talks, texts_of
from recollect import AsyncMemory
from recollect.engine import EMBED
from recollect.models import Embedding
from recollect.ports import Embed
from recollect.providers.minilm import MiniLM

LOOK = 0.02
"""Seconds between looks at whether every turn has its vector."""


class Overheard:
    """An embedder that keeps the texts it is handed, for embedding the very same ones alone, and says when it rests."""

    def __init__(self, behind: Embed) -> None:
        self._behind = behind
        self.model, self.dimension, self.window = behind.model, behind.dimension, behind.window
        self.texts: list[str] = []
        self.under_way = 0

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Keep the texts and embed them."""
        self.texts += texts
        self.under_way += 1
        try:
            return await self._behind.embed(texts)
        finally:
            self.under_way -= 1


async def captured(found: Sequence[Talk], home: str, handed: int = 0) -> tuple[list[str], tuple[float, float, float]]:
    """Capture talk by talk; return what was embedded until every turn had its vector, and three times in seconds.

    They are until all is found by word, by meaning too, and derived from: facts and summaries are made, and embedded,
    when every turn has its vector. The queue, which takes its time to answer, is asked only when the embedder rests and
    has got nine in ten of the texts, `handed` in all, that it is to get.
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

        async def lacking() -> bool:
            working = heard.under_way or len(heard.texts) < 0.9 * handed
            return bool(working) or any(name == EMBED for name, _ in await queue.count())

        while await lacking():  # noqa: ASYNC110 - a queue tells nobody
            await asyncio.sleep(LOOK)
        by_meaning = time.perf_counter() - started
        texts = heard.texts.copy()
        await memory.drain()
        whole = time.perf_counter() - started
    embed.close()
    return texts, (by_word, by_meaning, whole)


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
    """Take all in turn, twice `rounds` times, and return texts a second: the middle of each in the calmer rounds.

    `share` is that of capture in what the embedder alone does right after it on the texts it was handed.
    """
    name, found = talks(data, most)
    texts = texts_of(found)
    with tempfile.TemporaryDirectory() as home:
        handed, _ = await captured(found, home)
    ways: dict[str, Callable[[str], Awaitable[float]]] = {
        "embedder": lambda _: embedded(texts),
        "add": lambda home: added(found, home),
    }
    taken: Rounds[dict[str, float]] = Rounds()
    for _ in range(2 * rounds):
        one: dict[str, float] = {}
        with felt() as paces, tempfile.TemporaryDirectory() as home:
            _, times = await captured(found, home, len(handed))
            one["capture_by_word"], one["capture"], one["capture_whole"] = times
            one["embedder_handed"] = await embedded(handed)
        for way, work in ways.items():
            with tempfile.TemporaryDirectory() as home:
                one[way] = await work(home)
        taken.put(paces[0], one)
    calm = taken.calmest(2)
    seconds = {way: [one[way] for one in calm] for way in calm[0]}
    return {
        "texts": len(texts),
        "name": name,
        "words": sum(len(text.split()) for text in texts) / len(texts),
        "share": median([one["embedder_handed"] / one["capture"] for one in calm]),
        "share_all": [round(one["embedder_handed"] / one["capture"], 3) for one in taken.found],
        "paces": taken.paces,
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
