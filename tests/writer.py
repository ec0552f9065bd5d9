"""A process that writes through the library and tells what was acknowledged; `test_durability.py` starts and kills it.

usage: writer.py HOME NAME BATCHES (0: until killed)
"""

from __future__ import annotations

import asyncio
import json
import random
import sys

from recollect import AsyncMemory
from recollect.testing.embedder import FakeEmbedder


def tell(**values: object) -> None:
    """Print one line at once."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


async def main(home: str, name: str, batches: int) -> None:
    """Capture batches of turns, each known by its marker, while the worker embeds them."""
    seed = random.Random(name)
    embed = FakeEmbedder()
    async with AsyncMemory(home, embed=embed, settings={"worker": {"poll": 0.05}}) as memory:
        number = 0
        while not batches or number < batches:
            size = seed.choice([1, 1, 2, 5, 40])
            marker = f"{name}x{number}y{size}"
            turns = [
                {"role": "user", "content": f"{marker} item{place} I prefer zebra number {place} over {seed.random()}"}
                for place in range(size)
            ]
            done = await memory.capture(turns, conversation_id=f"{name}{number % 3}")
            tell(marker=marker, ids=done.ids)
            number += 1
        if batches:
            await memory.drain()
            tell(embedded=embed.texts)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
