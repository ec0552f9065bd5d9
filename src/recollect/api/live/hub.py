"""One reader of the change log feeds all live listeners, however many there are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from recollect.api.live.listener import Listener
from recollect.api.live.told import Told, Wanted, told, told_of_jobs
from recollect.errors import StoreError
from recollect.library import AsyncMemory
from recollect.models import Change, Delete

log = logging.getLogger(__name__)

PAGE = 500
TICK = 0.05
"""Seconds between looks at whether anyone has written; a look takes microseconds."""
JOBS_EVERY = 0.5
"""Seconds between news of the jobs."""
BEAT = 15.0
"""Seconds of silence after which a listener is sent a sign of life."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in order, and the place in the log up to which everything wanted has been handed over."""

    events: Sequence[Told]
    place: int


class Hub:
    """Reads the log while anybody listens; every listener gets every change it wants, in order, once."""

    def __init__(self) -> None:
        self.closed = False
        self._listeners: set[Listener] = set()
        self._users = 0
        self._head = 0
        self._opening = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._jobs: dict[str, dict[str, int]] = {}
        self._nudged = False

    @property
    def listening(self) -> int:
        """How many listen now, those who are still reading what they missed among them."""
        return self._users

    def close(self) -> None:
        """End every listener once what it waits for is sent, and let nobody else listen: the server stops."""
        self.closed = True
        for listener in list(self._listeners):
            listener.end()

    @asynccontextmanager
    async def listen(self, memory: AsyncMemory, wanted: Wanted, after: int | None) -> AsyncIterator[Follower]:
        """Follow the log from a place in it (`None`: from now on). The first to listen starts the reader."""
        self._users += 1
        follower = None
        try:
            async with self._opening:
                if self._reading is None or self._reading.done():
                    self._head = await memory.app.engine.stores.records.head()
                    self._reading = asyncio.create_task(self._read(memory), name="recollect-events")
            latest = await memory.app.engine.stores.records.head()
            start = latest if after is None else min(after, latest)
            follower = Follower(self, memory, Listener(wanted), start)
            yield follower
        finally:
            self._users -= 1
            if follower is not None:
                self.left(follower.listener)
            if not self._users and self._reading is not None:
                self._reading.cancel()
                self._reading = None

    def joined(self, listener: Listener, place: int) -> bool:
        """Let a listener that has everything up to `place` have all that follows; false when it is too far behind."""
        if place < self._head:
            return False
        listener.begin(place)
        self._listeners.add(listener)
        if self.closed or self._reading is None or self._reading.done():
            listener.end()
        return True

    def left(self, listener: Listener) -> None:
        """Hand a listener nothing more: it reads the log itself again, or has gone."""
        self._listeners.discard(listener)

    def nudge(self) -> None:
        """Look into the log at the next tick, whatever the store has told of it so far."""
        self._nudged = True

    @property
    def head(self) -> int:
        """The place up to which the log has been handed to the listeners."""
        return self._head

    async def _read(self, memory: AsyncMemory) -> None:
        watch = memory.app.database.watch()
        loop = asyncio.get_running_loop()
        seen, jobs_at, jobs_due = -1, 0.0, True
        try:
            while True:
                try:
                    await memory.app.access.known()
                    stamp = watch.stamp()
                    if stamp != seen or self._nudged:
                        self._nudged = False
                        await self._catch_up(memory)
                        seen, jobs_due = stamp, True
                    if jobs_due and loop.time() - jobs_at >= JOBS_EVERY:
                        jobs_at, jobs_due = loop.time(), False
                        await self._count_jobs(memory)
                except StoreError as error:  # busy or full: what was written is read at the next look
                    log.warning("The change log could not be read: %s", error.code)
                await asyncio.sleep(TICK)
        finally:
            watch.close()
            for listener in list(self._listeners):
                listener.end()

    async def _catch_up(self, memory: AsyncMemory) -> None:
        """Hand out everything that was written since the last look."""
        while page := await memory.app.engine.stores.records.changes(self._head, limit=PAGE):
            self._hand_out(page)
            await asyncio.sleep(0)  # whoever is quick sends before the next page comes

    def _hand_out(self, page: Sequence[Change]) -> None:
        gone = {change.event.memory_id for change in page if isinstance(change.event, Delete)}
        listeners = list(self._listeners)
        if gone:
            for listener in listeners:
                listener.forget(gone)
        for item in map(told, page) if listeners else ():
            for listener in listeners:
                listener.offer(item)
        self._head = page[-1].seq

    async def _count_jobs(self, memory: AsyncMemory) -> None:
        counts: dict[str, dict[str, int]] = {}
        for (name, state), number in (await memory.app.engine.stores.queue.count()).items():
            counts.setdefault(name, {})[state.value] = number
        if counts != self._jobs:
            self._jobs = counts
            news = told_of_jobs(counts)
            for listener in list(self._listeners):
                listener.offer(news)


class Follower:
    """One listener's way through the log.

    What it missed it reads itself, a page at a time at its own pace; then it is handed what comes, until it lags behind
    and has to read again. So a slow one costs neither memory nor anybody's time.
    """

    def __init__(self, hub: Hub, memory: AsyncMemory, listener: Listener, place: int) -> None:
        self.listener = listener
        self.place = place
        self._hub = hub
        self._memory = memory
        self._live = False

    async def batch(self, *, beat: float = BEAT) -> Batch | None:
        """Return what comes next; an empty batch after `beat` silent seconds, `None` when it is over."""
        while True:
            if self._live:
                coming = await self._coming(beat)
                if not self.listener.lagging:
                    return coming
                self._hub.left(self.listener)
                self._live = False
            if self._hub.closed:
                return None
            # Between this question and joining nothing else runs, so no change falls between log and live.
            self._live = self._hub.joined(self.listener, self.place)
            if not self._live and (missed := await self._missed()):
                return Batch(missed, self.place)

    async def _missed(self) -> list[Told]:
        wanted, through = self.listener.wanted, self._hub.head
        page = await self._memory.app.engine.stores.records.changes(self.place, limit=PAGE, reach=wanted.reach)
        self.place = page[-1].seq if page else max(self.place, through)
        return [told(change) for change in page if wanted.covers(change)]

    async def _coming(self, beat: float) -> Batch | None:
        listener = self.listener
        await listener.woken(beat)
        events = listener.take()
        if listener.lagging or (not events and listener.over.is_set()):
            return None
        self.place = max(self.place, self._hub.head)
        return Batch(events, self.place)
