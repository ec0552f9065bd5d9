"""How long `capture` of one turn takes until it returns, durable."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figure import percentiles, tell
from bench.latency import WARM, clocked
from bench.pace import Times, in_rounds
from bench.talk import talks
from recollect import AsyncMemory


async def acknowledgement(said: Sequence[tuple[str, dict[str, Any]]], pause: float, count: int) -> Times[float]:
    """Return the milliseconds of each `capture` of one turn, durable when it returns, `pause` seconds apart."""
    with tempfile.TemporaryDirectory() as home:
        async with AsyncMemory(home) as memory:

            async def one(said: tuple[str, dict[str, Any]]) -> float:
                name, turn = said
                took = await clocked(lambda: memory.capture([turn], conversation_id=name, user_id="u"))
                await asyncio.sleep(pause)
                return took

            await memory.app.engine.embed.embed(["ready"])
            for turn in said[:WARM]:
                await one(turn)
            return await in_rounds(one, said[WARM:], count)


async def measure(data: Path, most: int) -> dict[str, Any]:
    """Measure the acknowledgement of turns that come now and then, and of those that come one upon the other.

    Of the former `most` in calm moments count. Beside the latter recollect embeds all the time, and leaves no calm.
    """
    _, found = talks(data)
    said = [(name, turn) for name, turns in found for turn in turns]
    now_and_then = await acknowledgement(said, 0.04, most)
    upon_another = await acknowledgement(said[: WARM + most], 0.0, most)
    return {
        "now_and_then": percentiles(now_and_then.calm()),
        "now_and_then_all": percentiles(now_and_then.all()),
        "pace": now_and_then.pace(),
        "one_upon_another": percentiles(upon_another.all()),
    }


def main() -> None:
    """Measure on the turns of a data folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--most", type=int, default=300)
    given = parser.parse_args()
    tell(asyncio.run(measure(given.data, given.most)))


if __name__ == "__main__":
    main()
