"""A process that keeps writing to whatever store the settings name, and tells what was acknowledged.

usage: busy.py HOME NAME. It ends when it is told to by a line on stdin. When its store is moved it opens it anew.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading

from recollect import AsyncMemory
from recollect.errors import StoreBusy, StoreMoved
from recollect.testing.embedder import FakeEmbedder


def tell(**values: object) -> None:
    """Print one line at once."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


class Busy:
    """Adds, changes and deletes, one thing after the other."""

    def __init__(self, home: str, name: str) -> None:
        self._home, self._name, self._seed = home, name, random.Random(name)
        self._kept: list[str] = []
        self._number = 0

    async def run(self, over: asyncio.Event) -> None:
        """Work until it is over."""
        while not over.is_set():
            try:
                await self._work(over)
            except StoreMoved as error:
                tell(moved=str(error))
            except StoreBusy as error:  # it had to wait for too long while the store was changed over: nothing was kept
                tell(busy=str(error))
            await asyncio.sleep(0.05)

    async def _work(self, over: asyncio.Event) -> None:
        async with AsyncMemory(self._home, embed=FakeEmbedder(), settings={"worker": {"poll": 0.05}}) as memory:
            while not over.is_set():
                await self._step(memory)
            tell(drained=True)

    async def _step(self, memory: AsyncMemory) -> None:
        self._number += 1
        text = f"{self._name} {self._number} prefers zebra {self._seed.random()} 斑马"
        made = await memory.add(text, user_id=self._name)
        self._kept.append(made.id)
        tell(kept=made.id, text=text)
        if self._number % 5 == 0:
            changed = await memory.update(self._seed.choice(self._kept), text=f"{text} again")
            tell(kept=changed.id, text=changed.text)
        if self._number % 7 == 0:
            gone = self._kept.pop(self._seed.randrange(len(self._kept)))
            await memory.delete(gone)
            tell(gone=gone)
        if self._number % 11 == 0:
            await memory.capture(
                [{"role": "user", "content": f"{text} said"}, {"role": "assistant", "content": f"{text} heard"}],
                user_id=self._name,
                conversation_id=f"c{self._number % 3}",
            )


async def main(home: str, name: str) -> None:
    """Work until a line comes in."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hear() -> None:
        sys.stdin.readline()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=hear, daemon=True).start()  # nobody waits for it when the work breaks off
    await Busy(home, name).run(over)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
