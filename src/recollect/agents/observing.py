"""Gathers what the tools of a session showed, and has a model make observations of it, several calls at a time.

The raw output is held in memory only, and only until it is read: what is on disk is the one line the rules keep of each
call. Where no model answers, that line is all there is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from recollect.engine import Engine
from recollect.errors import RecollectError
from recollect.infer.ask import MADE_BY, Ask
from recollect.infer.observe import Call, call, observe

log = logging.getLogger("recollect.agents")

TOGETHER: Final = 8
"""Calls that are read at once; fewer when a session pauses."""
SESSIONS: Final = 64
"""Sessions of which calls are held; the one heard of least recently is forgotten first."""
AT_ONCE: Final = 2
"""Readings under way at once; what comes meanwhile waits in its session's place, the newest calls of it."""


class Observing:
    """The tool calls of all sessions that are not read yet."""

    def __init__(self, engine: Engine, ask: Ask) -> None:
        self._engine, self._ask = engine, ask
        self._held: dict[str, list[Call]] = {}
        self._reading: set[asyncio.Task[None]] = set()

    async def add(self, session: str, memory_id: str, tool: str, given: Mapping[str, Any], result: str) -> None:
        """Take up a call whose one line was kept as this memory."""
        found = await self._engine.stores.records.get([memory_id])
        taken = call(found[0], tool, given, result) if found and not found[0].flags else None
        if taken is None:
            return
        held = self._held.pop(session, [])
        if all(one.item.id != memory_id for one in held):
            held = [*held, taken][-2 * TOGETHER :]
        self._held[session] = held
        while len(self._held) > SESSIONS:
            self._held.pop(next(iter(self._held)))
        if len(held) >= TOGETHER:
            self.read(session)

    def read(self, session: str) -> None:
        """Begin to read what is held of a session; nobody waits for it."""
        if len(self._reading) >= AT_ONCE or not self._held.get(session):
            return
        task = asyncio.create_task(self._read(self._held.pop(session)))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def settle(self) -> None:
        """Wait until what is being read is read."""
        await asyncio.gather(*self._reading)

    async def _read(self, calls: list[Call]) -> None:
        try:
            answered = await observe(self._ask, calls)
            for one in answered[0] if answered else ():
                by = answered[1] if answered else ""
                await self._engine.add_observation(
                    one.text, calls[-1].item, sources=one.sources, metadata={MADE_BY: by}
                )
        except RecollectError as error:
            log.warning("what tools showed was not read: %s", error.message)
