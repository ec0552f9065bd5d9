"""The loop that claims jobs, runs them in batches, and puts back or parks what fails."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

from recollect.errors import Conflict, IndexAway, RecollectError, StoreBusy, StoreError, StoreMoved
from recollect.models import Job
from recollect.ports import Queue

log = logging.getLogger(__name__)

Handler = Callable[[Sequence[Job]], Awaitable[None]]
"""Does a batch of jobs of one name. Must be safe to repeat."""

BATCH = 64

LINGER = 0.02
"""Seconds a worker lets jobs gather after it was woken: what comes in a burst is done as one batch, out of its way."""

BUSY = 0.1
"""As many at most while a batch is under way: when that is done, it looks at once."""

SOON = 0.2
"""Seconds after which a drain looks again, when jobs are another process's or wait to be repeated."""

AWAY = 10_000
"""How many times as often a job is repeated where a server is away, every half minute: for two weeks or so."""

PATIENCE = 30.0
"""Seconds that patient jobs let others go first; then they are done beside them until none is left."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a claim lasts, how often a job may fail, how often to look for the work of other processes."""

    lease: float = 60.0
    attempts: int = 5
    poll: float = 1.0


class Worker:
    """Runs jobs of the names it has handlers for, until it is told to stop.

    Batches of different names are done side by side, those of one name one after the other; `lanes` says of which names
    more may be under way at once. Jobs of `patient` names let all others go first, but not forever.
    """

    def __init__(
        self,
        name: str,
        queue: Queue,
        handlers: Mapping[str, Handler],
        pace: Pace,
        lanes: Mapping[str, int] = MappingProxyType({}),
        patient: Collection[str] = (),
    ) -> None:
        self._name = name
        self._queue = queue
        self._handlers = handlers
        self._pace = pace
        self._lanes = lanes
        self._patient = frozenset(patient)
        self._waits_since: float | None = None
        self._woken = asyncio.Event()
        self._rested = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._idle = False
        self._leaving = False
        self._draining = 0

    def start(self) -> None:
        """Begin working in the background of the running event loop."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"recollect-{self._name}")

    @property
    def running(self) -> bool:
        """Whether it works in the background now."""
        return self._task is not None and not self._task.done()

    def wake(self) -> None:
        """Look for jobs now rather than at the next poll."""
        self._woken.set()

    async def stop(self) -> None:
        """Stop; jobs that were claimed and are not done are ready again at once."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
            with suppress(StoreMoved):  # the other store has the jobs, and their claims end by themselves
                await self._queue.release(self._name)

    async def finish(self, within: float) -> None:
        """Claim nothing more, let what is under way be done in so many seconds, then stop."""
        self._leaving = True
        self.wake()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=within)
        await self.stop()

    async def drain(self) -> None:
        """Work until no job is waiting: neither here nor claimed by anyone else."""
        self._draining += 1
        try:
            while await self._queue.waiting():
                if self._task is None:
                    if await self.once():
                        continue
                    await asyncio.sleep(min(SOON, self._pace.poll))
                else:
                    self._rested.clear()
                    self.wake()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._rested.wait(), SOON)
        finally:
            self._draining -= 1

    async def once(self) -> int:
        """Claim and run one batch; return how many jobs it had."""
        groups = await self._claimed()
        if groups:
            alive = asyncio.create_task(self._keep_claims())
            try:
                await asyncio.gather(*(self._work(name, group) for name, group in groups.items()))
            finally:
                alive.cancel()
        return sum(map(len, groups.values()))

    async def _claimed(self, besides: Collection[str] = ()) -> dict[str, list[Job]]:
        """Claim a batch; return it by name, without jobs of the names in `besides`."""
        jobs = await self._queue.claim(self._name, limit=BATCH, lease=self._pace.lease, besides=besides)
        groups: dict[str, list[Job]] = {}
        for job in jobs:
            groups.setdefault(job.name, []).append(job)
        return groups

    async def _keep_claims(self) -> None:
        while True:
            await asyncio.sleep(self._pace.lease / 3)
            if not self._idle:
                try:
                    await self._queue.extend(self._name, lease=self._pace.lease)
                except RecollectError as error:  # it is tried again; who loses a claim does no harm by finishing
                    log.warning("The worker could not keep its claims: %s", error)

    async def _run(self) -> None:
        """Keep every lane busy: while one batch is embedded on its threads, another is derived from and written.

        While a lane is busy its jobs pile up, to be done as one batch.
        """
        under_way: dict[asyncio.Task[None], str] = {}
        alive = asyncio.create_task(self._keep_claims())
        try:
            while under_way or not self._leaving:
                self._woken.clear()
                groups = {} if self._leaving else await self._claimed_or_told(under_way)
                for name, jobs in groups.items():
                    under_way[asyncio.create_task(self._work(name, jobs))] = name
                self._idle = not under_way
                if not groups:
                    await self._news(under_way)
        finally:
            alive.cancel()
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _claimed_or_told(self, under_way: Mapping[asyncio.Task[None], str]) -> dict[str, list[Job]]:
        busy = Counter(under_way.values())
        full = [name for name, count in busy.items() if count >= self._lanes.get(name, 1)]
        try:
            return await self._urgent_first(busy, full)
        except RecollectError as error:
            log.warning("The worker could not reach the queue: %s", error)
            return {}

    async def _urgent_first(self, busy: Collection[str], full: Collection[str]) -> dict[str, list[Job]]:
        """Claim a batch: of patient jobs only when no other is ready or under way, or they have waited long enough."""
        now = asyncio.get_running_loop().time()
        self._waits_since = now if self._waits_since is None else self._waits_since
        if self._patient and now - self._waits_since < PATIENCE:
            groups = await self._claimed(besides={*full, *self._patient})
            if groups or not self._patient.issuperset(busy):
                return groups
        groups = await self._claimed(besides=full)
        if not groups:
            self._waits_since = None
        return groups

    async def _news(self, under_way: dict[asyncio.Task[None], str]) -> None:
        """Wait until a batch is done, someone wakes this worker, or it is time to look; forget what is done."""
        if self._idle:
            self._rested.set()
        woken = asyncio.create_task(self._woken.wait())
        try:
            await asyncio.wait({woken, *under_way}, timeout=self._pace.poll, return_when=asyncio.FIRST_COMPLETED)
            if self._woken.is_set() and not (self._draining or self._leaving):
                await self._gather(under_way)
        finally:
            woken.cancel()
        for task in [task for task in under_way if task.done()]:
            del under_way[task]
            if error := task.exception():
                log.warning("The worker could not tell the queue what is done: %s", error)

    async def _gather(self, under_way: Mapping[asyncio.Task[None], str]) -> None:
        """Let jobs gather, but no longer than until a lane is free."""
        if not under_way:
            await asyncio.sleep(LINGER)
        elif not any(task.done() for task in under_way):
            await asyncio.wait(under_way, timeout=BUSY, return_when=asyncio.FIRST_COMPLETED)

    async def _work(self, name: str, jobs: Sequence[Job]) -> None:
        try:
            await self._handle(name, jobs)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, its jobs must not be lost or spin
            if len(jobs) > 1:  # find the one that fails
                for job in jobs:
                    await self._work(name, [job])
                return
            await self._put_back(jobs[0], error)
        else:
            await self._queue.finish([job.id for job in jobs])

    async def _handle(self, name: str, jobs: Sequence[Job]) -> None:
        handler = self._handlers.get(name)
        if handler is None:
            raise RecollectError(f"Nothing here can do '{name}'", hint="It was left by another release of recollect.")
        await handler(jobs)

    async def _put_back(self, job: Job, error: Exception) -> None:
        passing = isinstance(error, Conflict | StoreError)  # gone once it is read again, or there is room again
        final = isinstance(error, RecollectError) and not (error.retryable or passing)
        away = isinstance(error, StoreBusy | IndexAway)  # a server is down: that is no fault of the job
        spent = final or job.attempts >= self._pace.attempts * (AWAY if away else 1)
        log.info("Job %d (%s) failed%s: %s", job.id, job.name, ", parked" if spent else "", type(error).__name__)
        text = f"{type(error).__name__}: {error}"
        later = None if spent else 2.0 ** min(job.attempts, 5 if away else 8)
        await self._queue.fail(job.id, text, retry_in=later, worker=self._name)
