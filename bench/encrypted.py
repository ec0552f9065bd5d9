"""What encryption costs: taking in, searching, opening, and changing the key, plain beside encrypted.

    python -m bench.encrypted [--memories 3000] [--searches 200] [--starts 7]

Both stores are filled with the same turns by the same code, in turns of a few hundred each, so that whatever else the
machine does falls on both. Searches go through the whole engine, by words. A start is `recollect search` in a shell.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.figure import tell
from recollect import AsyncMemory
from recollect.ops.encrypt import decrypt, encrypt, rotate
from recollect.settings import Settings, load
from recollect.stores.sqlcipher.key import new_key

TOGETHER = 20
PASSPHRASE = "a passphrase of some length"
START = "from recollect.cli.main import main; main()"


def settings(home: Path, **store: object) -> Settings:
    """Return the settings of one side."""
    return load(home, {"store": store, "embedder": {"provider": "none"}}, {}).settings


def turns(number: int) -> list[dict[str, Any]]:
    """Return a batch of turns that differ in what they say."""
    return [
        {
            "role": "user",
            "content": f"Sensor {number}-{place} in hall {place % 7} told {place * 37 % 101} degrees; the pump of line "
            f"{number % 13} was exchanged by Mei, and 部署在新加坡的第 {number} 台机器。",
        }
        for place in range(TOGETHER)
    ]


async def taken_in(sides: dict[str, AsyncMemory], batches: int) -> dict[str, list[float]]:
    """Return the milliseconds of each capture, a batch on each side in turn."""
    took: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(batches):
        for name, memory in sides.items():
            begun = time.perf_counter()
            await memory.capture(turns(number), conversation_id=f"c{number % 50}")
            took[name].append((time.perf_counter() - begun) * 1000)
    return took


async def searched(sides: dict[str, AsyncMemory], searches: int, batches: int) -> dict[str, list[float]]:
    """Return the milliseconds of each search, one on each side in turn."""
    took: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(searches):
        for name, memory in sides.items():
            begun = time.perf_counter()
            await memory.search(f"which degrees did sensor {number % batches}-3 tell?", limit=10)
            took[name].append((time.perf_counter() - begun) * 1000)
    return took


def started(sides: dict[str, Settings], starts: int) -> dict[str, list[float]]:
    """Return the milliseconds of a search from a shell, from start to end of the process, each side in turn."""
    took: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(starts):
        for name, side in sides.items():
            command = [sys.executable, "-c", START, "--home", str(side.home), "search", "sensor 3-3"]
            own = {"RECOLLECT_EMBEDDER__PROVIDER": "none"}
            if side.store.key_file is not None:
                own["RECOLLECT_STORE__KEY_FILE"] = str(side.store.key_file)
            begun = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env={**os.environ, **own})
            took[name].append((time.perf_counter() - begun) * 1000)
    return took


def middle(values: list[float]) -> float:
    """Return the median."""
    return round(statistics.median(values), 2)


async def warm(given: argparse.Namespace, sides: dict[str, Settings]) -> dict[str, Any]:
    """Measure with the stores open."""
    batches = given.memories // TOGETHER
    opened = {name: AsyncMemory(settings=side, worker=False) for name, side in sides.items()}
    try:
        taken = await taken_in(opened, batches)
        await searched(opened, 10, batches)
        held = await searched(opened, given.searches, batches)
    finally:
        for memory in opened.values():
            await memory.close()
    return {
        name: {
            "capture_ms": middle(taken[name]),
            "search_ms": middle(held[name]),
            "bytes": side.database.stat().st_size,
        }
        for name, side in sides.items()
    }


def exchanged(closed: Settings) -> dict[str, float]:
    """Return the seconds that it takes to change the key, to take it away and to encrypt again."""
    took = {}
    steps: tuple[tuple[str, Callable[[], object]], ...] = (
        ("rotate_s", lambda: rotate(closed, None, lambda *_: None)),
        ("off_s", lambda: decrypt(closed, lambda *_: None)),
        ("encrypt_s", lambda: encrypt(closed, lambda *_: None)),
    )
    for name, do in steps:
        begun = time.perf_counter()
        do()
        took[name] = round(time.perf_counter() - begun, 2)
    return took


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memories", type=int, default=3000)
    parser.add_argument("--searches", type=int, default=200)
    parser.add_argument("--starts", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        key, words = Path(folder) / "store.key", Path(folder) / "words"
        key.write_text(f"{new_key().text}\n")
        words.write_text(f"{PASSPHRASE}\n")
        sides = {
            "plain": settings(Path(folder) / "plain"),
            "encrypted": settings(Path(folder) / "encrypted", key_file=str(key)),
            "passphrase": settings(Path(folder) / "passphrase", key_file=str(words)),
        }
        found = asyncio.run(warm(given, sides))
        for name, took in started(sides, given.starts).items():
            found[name] |= {"cold_ms": middle(took), "cold_best_ms": round(min(took), 1)}
        found["exchange"] = exchanged(sides["encrypted"])
        tell({"memories": given.memories, "load": round(os.getloadavg()[0], 1), **found})


if __name__ == "__main__":
    main()
