"""What a memory takes on the disk, and what each measure of retention makes of it.

Run as `python -m bench.keep [DATA]`: with a folder of evaluation data its conversations, else synthetic ones.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from bench.synthetic.texts import Writer
from recollect import AsyncMemory
from recollect.models import Run
from recollect.ops.retention.run import run, undo
from recollect.settings import load
from recollect.stores.code import decode, encode
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder

ACTIONS: Final = ("warm", "cold", "delete")
PARTS: Final = {
    "vector": "vectors",
    "chunk": "words",
    "words": "words",
    "memory": "rows",
    "box": "boxes",
    "waste": "waste",
}

Texts = list[tuple[str, str]]


def chats(count: int, seed: int = 7) -> Texts:
    """Return synthetic turns: questions of some 25 words, answers of some 250, as people have them with assistants."""
    english, chinese = Writer("en", seed), Writer("zh", seed)
    made = []
    for number in range(count):
        writer = chinese if number % 10 >= 8 else english
        many = 1 if number % 2 else 10
        made.append(("user" if number % 2 else "assistant", " ".join(writer.text() for _ in range(many))))
    return made


def given(data: Path | None, name: str, count: int) -> Texts:
    """Return the turns of an evaluation file, "" where there is none."""
    files = sorted(data.glob(f"*{name}*.json")) if data is not None else []
    turns = [turn for space in json.loads(files[0].read_text("utf-8")) for turn in space["turns"]] if files else []
    return [(turn["role"], turn["text"]) for turn in turns[:count]]


def sizes(home: Path) -> dict[str, int]:
    """Return the bytes of the database by what they are for, without what is free."""
    with closing(sqlite3.connect(home / "recollect.db")) as back:
        rows = back.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall()
        tables = dict(back.execute("SELECT name, tbl_name FROM sqlite_master").fetchall())
    found: dict[str, int] = {}
    for name, size in rows:
        table = tables.get(name, name)
        part = next((part for prefix, part in PARTS.items() if table.startswith(prefix)), "rest")
        found[part] = found.get(part, 0) + size
    return {**found, "all": sum(found.values())}


async def clocked(ask: Callable[[], Awaitable[Any]], times: int = 30) -> float:
    """Return the median milliseconds of a call."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        await ask()
        taken.append(1000 * (time.perf_counter() - begun))
    return round(median(taken), 2)


async def shown(memory: AsyncMemory, home: Path, memories: int, chosen: list[str]) -> dict[str, Any]:
    """Return bytes a memory, and how long reading and searching take."""
    await memory.drain()
    done = await memory.app.retention.vacuum(60, full=True)
    by = sizes(home)
    place = sum(path.stat().st_size for path in (home.parent / "cold").rglob("*") if path.is_file())
    random.seed(3)

    async def get() -> None:
        if chosen:
            memory.app.retention.boxes.forget()
            await memory.get(random.choice(chosen))

    return {
        "bytes": {name: round(size / memories) for name, size in by.items()},
        "elsewhere": round(place / memories),
        "whole": done.whole,
        "get_ms": await clocked(get),
        "search_ms": await clocked(lambda: memory.search("the plan for the harbour", user_id="u")),
    }


def silent(done: int, total: int | None, note: str = "") -> None:
    """Show nobody how far it is."""


def recall(texts: Texts) -> dict[str, float]:
    """Return how much of the nearest ten stays, and the error of a cosine, when only the coarse plane is kept."""
    embed = FakeEmbedder(dimension=384)
    rows = np.array([np.frombuffer(bytes(embed.one(text).vector), np.float32) for _, text in texts[:1500]])
    scale, high, low = encode(rows)
    coarse = decode(scale, high, np.zeros_like(low))
    asked = rows[::15]
    exact, near = asked @ rows.T, asked @ coarse.T
    best = [set(np.argsort(-line)[:10]) for line in exact]
    kept = [len(one & set(np.argsort(-line)[:10])) / 10 for one, line in zip(best, near, strict=True)]
    return {"recall_at_10": round(float(np.mean(kept)), 4), "error": round(float(np.abs(exact - near).max()), 5)}


async def measured(texts: Texts) -> dict[str, Any]:
    """Fill a store, and put everything away by each measure in turn."""
    folder = Path(tempfile.mkdtemp())
    home, clock = folder / "home", FakeClock()
    policies = [{"name": name, "action": name, "older_than": 1, "kinds": ["turn"]} for name in ACTIONS]
    chosen = {"policies": policies, "to": str(folder / "cold"), "undo_days": 1}
    settings = load(home, {"retention": chosen}).settings
    found: dict[str, Any] = {"texts": len(texts), "average": round(sum(len(t.encode()) for _, t in texts) / len(texts))}
    try:
        async with AsyncMemory(settings=settings, embed=FakeEmbedder(dimension=384), clock=clock) as memory:
            for start in range(0, len(texts), 40):
                said = [{"role": role, "content": text} for role, text in texts[start : start + 40]]
                await memory.capture(said, conversation_id=f"c{start}", user_id="u")
            await memory.drain()
            clock.forward(3 * 86_400)
            many = (await memory.app.upkeep.condition(memory.app.engine.embed.model)).memories
            long = [item.id for item in (await memory.list(user_id="u", limit=1000)).memories if len(item.text) >= 400]
            found |= {"memories": many, "hot": await shown(memory, home, many, long)}
            for name in ("warm", "cold"):
                begun = time.perf_counter()
                (done,) = await run(memory.app, memory.actor, silent, name)
                seconds = time.perf_counter() - begun
                found[name] = {**await shown(memory, home, many, long), **told(done), "seconds": round(seconds, 2)}
                await undo(memory.app, memory.actor, done.id)
            await memory.app.retention.quantise()
            found["quantised"] = {**await shown(memory, home, many, long), **recall(texts)}
            (done,) = await run(memory.app, memory.actor, silent, "delete")
            found["deleted"] = {**await shown(memory, home, many, []), **told(done)}
            clock.forward(2 * 86_400)
            await memory.app.retention.expire(1)
            found["expired"] = await shown(memory, home, many, [])
    finally:
        shutil.rmtree(folder)
    return found


def told(done: Run) -> dict[str, Any]:
    """Return what a run says of itself."""
    return {"moved": done.memories, "before": done.bytes_before, "after": done.bytes_after}


def main() -> None:
    """Measure, and print each set as a line of JSON and a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.keep", description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", help="folder with evaluation files")
    parser.add_argument("--count", type=int, default=2000, help="turns of each set")
    asked = parser.parse_args()
    sets = {name: given(asked.data, name, asked.count) for name in ("locomo", "beam")}
    sets["synthetic"] = chats(asked.count)
    for name, texts in sets.items():
        if texts:
            found = asyncio.run(measured(texts))
            print(json.dumps({name: found}))
            for state in ("hot", "warm", "cold", "quantised", "deleted", "expired"):
                one = found[state]
                bytes_ = f"{one['bytes']['all']:>7,} bytes a memory + {one['elsewhere']:>5,} elsewhere"
                print(f"{name:10} {state:10} {bytes_}  get {one['get_ms']} ms  search {one['search_ms']} ms")


if __name__ == "__main__":
    main()
