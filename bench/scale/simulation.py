"""A simulation of events: requests go from pool to pool, and wait where all of a pool are busy."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

Pools = tuple[str, ...]
"""What a step needs at once: one of each of these pools."""


@dataclass(frozen=True, slots=True)
class Step:
    """Holds one of each of its pools for so many seconds."""

    pools: Pools
    seconds: float


@dataclass(slots=True)
class Request:
    """Something that was asked: what of, when, and the steps to its end. `then` is called when it is over."""

    kind: str
    begun: float
    steps: Sequence[Step]
    then: Callable[[float], Request | None] | None = None
    at: int = 0


@dataclass(slots=True)
class Seen:
    """What a simulation came to: seconds from begin to end by kind, and how long each pool was held in all."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    held: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    until: float = 0.0

    def utilised(self, pool: str, size: int) -> float:
        """Return the share of a pool that was busy."""
        return self.held[pool] / (size * self.until) if self.until else 0.0


class Simulation:
    """Serves requests from pools of fixed sizes, first come, first served among those who need the same."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self._free = Counter(sizes)
        self._waiting: dict[Pools, deque[tuple[int, Request]]] = {}
        self._events: list[tuple[float, int, Request]] = []
        self._number = 0
        self.seen = Seen()

    def run(self, arrivals: Iterable[Request], until: float) -> Seen:
        """Serve what arrives, in order of time, and what follows from it; stop at `until` seconds."""
        coming = iter(arrivals)
        following = next(coming, None)
        while following is not None or self._events:
            if following is not None and (not self._events or following.begun <= self._events[0][0]):
                now, request, following = following.begun, following, next(coming, None)
            else:
                now, _, request = heapq.heappop(self._events)
                if now <= until:
                    self._left(request, now)
            if now > until:
                break
            self._wants(request, now)
        self.seen.until = until
        return self.seen

    def _left(self, request: Request, now: float) -> None:
        """Let go of the pools of the step that has just ended, and let others have them."""
        for pool in request.steps[request.at].pools:
            self._free[pool] += 1
        request.at += 1
        self._serve(now)

    def _wants(self, request: Request, now: float) -> None:
        if request.at == len(request.steps):
            self.seen.took[request.kind].append(now - request.begun)
            after = request.then(now) if request.then is not None else None
            if after is None:
                return
            request = after
        self._number += 1
        self._waiting.setdefault(request.steps[request.at].pools, deque()).append((self._number, request))
        self._serve(now)

    def _serve(self, now: float) -> None:
        """Begin every step whose pools are free, the longest waiting first."""
        while True:
            ready = [
                (line[0][0], pools)
                for pools, line in self._waiting.items()
                if line and all(self._free[pool] for pool in pools)
            ]
            if not ready:
                return
            _, pools = min(ready)
            _, request = self._waiting[pools].popleft()
            seconds = request.steps[request.at].seconds
            for pool in pools:
                self._free[pool] -= 1
                self.seen.held[pool] += seconds
            self._number += 1
            heapq.heappush(self._events, (now + seconds, self._number, request))


def share(values: Sequence[float], part: float) -> float:
    """Return the value below which this part of all values lies; none is 0."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(part * len(ranked)))] if ranked else 0.0
