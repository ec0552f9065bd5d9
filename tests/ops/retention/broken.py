"""Runs the policies of a store, and dies in the middle: after so many steps, or right before a text's row is cut."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.ops.retention.kept import forward, opened, silent

from recollect.ops.retention.run import run
from recollect.stores.sql.keep import retention


async def main(home: Path, action: str, steps: int) -> None:
    """Die by SIGKILL in the step of this number."""
    retention.AT_ONCE = 5  # type: ignore[misc]
    done = 0
    store = {"url": sys.argv[4]} if len(sys.argv) > 4 else {}
    async with opened(home, [{"name": "old", "action": action, "older_than": 30}], store=store) as memory:
        forward(memory, 100)
        step = memory.app.retention._database.write

        async def write(work: Callable[[Any], Any], **more: Any) -> Any:
            nonlocal done
            done += 1
            if done > steps:
                os.kill(os.getpid(), signal.SIGKILL)
            return await step(work, **more)

        memory.app.retention._database.write = write  # type: ignore[method-assign]
        await run(memory.app, memory.actor, silent)


asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
