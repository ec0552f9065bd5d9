"""How what stands beside the records is asked: with patience for whoever asks, not for what does not answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from recollect.errors import IndexAway
from recollect.models import Job
from recollect.ports import Queue

log = logging.getLogger(__name__)

T = TypeVar("T")

REST = 5.0
"""Seconds something that did not answer is left alone: nobody waits for it meanwhile."""


class Asking:
    """Asks something; `answering` is whether it answered when it was last asked.

    `meanwhile` says who answers while it does not.
    """

    def __init__(self, name: str, meanwhile: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.answering = True
        self._name, self._meanwhile, self._clock = name, meanwhile, clock
        self._resting = 0.0

    async def asked(self, answer: Awaitable[T]) -> T:
        """Return what it answers; raise IndexAway at once while it is left alone after a failure."""
        if self._clock() < self._resting:
            if asyncio.iscoroutine(answer):
                answer.close()
            raise IndexAway(f"{self._name} did not answer a moment ago", hint="It is asked again soon.")
        try:
            found = await answer
        except IndexAway:
            if self.answering:
                log.warning("%s does not answer: %s meanwhile", self._name, self._meanwhile)
            self.answering, self._resting = False, self._clock() + REST
            raise
        self.answering = True
        return found


class Follower(Protocol):
    """What follows the records."""

    async def follow(self) -> int:
        """Tell what has not been heard of yet; return how much. Raises IndexAway, whereupon it may be repeated."""


class Following:
    """The job that brings what follows the records up to date. While it does not answer, one job stands for all."""

    def __init__(self, follower: Follower, queue: Queue, name: str) -> None:
        self._follower, self._queue, self._name = follower, queue, name

    async def __call__(self, jobs: Sequence[Job]) -> None:
        """Do a batch of jobs; raises IndexAway."""
        try:
            await self._follower.follow()
        except IndexAway:
            parked = await self._queue.parked(self._name)
            await self._queue.finish([job.id for job in (*jobs[1:], *parked)])
            raise
