"""From what a memory and a request cost to what a profile needs: simulated where requests wait, else calculated."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.scale.profiles import ACTIVE, CONTEXTS, SEARCHES, Profile
from bench.scale.simulation import Request, Seen, Simulation, Step, share

SERVER, WORKER, DATABASE = "server", "worker", "database"
BUSY = 0.6
"""Share of its time that a process or a core may be busy in the busiest minutes."""
OVER_HTTP = 0.0015
"""Seconds of a server for what lies around a request, at least (assumed)."""
IDLE = 0.17
"""Gigabytes of a process with its model loaded, as docs/benchmarks.md measures them."""
UNEVEN = 1.25
"""Tenants do not spread evenly over servers."""
NODE, COPIES, SPARE = 48.0, 2, 1.5
"""Gigabytes of vectors that a Qdrant node of 64 holds, copies of each, and room for segments that are merged."""
LEAST, MOST = 60.0, 3600.0
REQUESTS = 20_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What a kind of request takes: samples of a server's seconds, and the database's on average."""

    samples: Sequence[float]
    database: float

    @property
    def mean(self) -> float:
        """Return a server's seconds on average."""
        return sum(self.samples) / len(self.samples)


@dataclass(frozen=True, slots=True)
class Needed:
    """What a profile needs, and what its requests then take."""

    profile: Profile
    servers: int
    workers: int
    cores: int
    busy: dict[str, float]
    context: tuple[float, float]
    search: tuple[float, float]
    lag: float
    resident: float
    disk: float
    backup: float


def costs(found: dict[str, Any], around: float) -> dict[str, Cost]:
    """Return what each kind of request costs over a store that was measured."""
    search, jobs = found["search"], found["jobs"]["each"]
    kinds = {"capture": found["capture"]["one"], "search": search["search"], "context": search["context"]}
    made = {
        name: Cost([took / 1000 + around for took in one["worked"]], one["database"] / 1000)
        for name, one in kinds.items()
    }
    return {**made, "jobs": Cost([jobs["process"] / 1000], jobs["database"] / 1000)}


def simulated(profile: Profile, cost: dict[str, Cost], sizes: dict[str, int]) -> Seen:
    """Simulate the busiest minutes."""
    chance = random.Random(profile.name)
    each = profile.rate * (1 + CONTEXTS + SEARCHES)
    until = min(max(REQUESTS / each, LEAST), MOST)

    def asked(kind: str, now: float, then: Callable[[float], Request | None] | None = None) -> Request:
        one = cost[kind]
        took = chance.choice(one.samples)
        share_of = took / one.mean
        return Request(kind, now, (Step((SERVER,), took), Step((DATABASE,), one.database * share_of)), then)

    def job(now: float) -> Request:
        one = cost["jobs"]
        varied = chance.gammavariate(4, 1 / 4)
        steps = (Step((WORKER,), one.mean * varied), Step((DATABASE,), one.database * varied))
        return Request("jobs", now, steps)

    def arrivals() -> Iterator[Request]:
        now = 0.0
        while True:
            now += chance.expovariate(each)
            if now > until:
                return
            kind = chance.choices(("capture", "context", "search"), (1, CONTEXTS, SEARCHES))[0]
            yield asked(kind, now, job if kind == "capture" else None)

    return Simulation(sizes).run(arrivals(), until)


def least(profile: Profile, cost: dict[str, Cost]) -> dict[str, int]:
    """Return how many servers, workers and database cores the work alone needs, none busier than `BUSY`."""
    parts = {"capture": 1.0, "context": CONTEXTS, "search": SEARCHES}
    server = sum(cost[kind].mean * part for kind, part in parts.items())
    database = sum(cost[kind].database * part for kind, part in parts.items()) + cost["jobs"].database
    work = {SERVER: server, WORKER: cost["jobs"].mean, DATABASE: database}
    return {name: max(1, math.ceil(seconds * profile.rate / BUSY)) for name, seconds in work.items()}


def needed(profile: Profile, cost: dict[str, Cost], store: dict[str, Any], each: float) -> Needed:
    """Add to the least until the simulation finds nobody too busy; then say what is needed. `each` is bytes on disk."""
    sizes = least(profile, cost)
    while True:
        seen = simulated(profile, cost, sizes)
        busy = {name: seen.utilised(name, size) for name, size in sizes.items()}
        over = [name for name, part in busy.items() if part > BUSY + 0.1]
        if not over:
            break
        for name in over:
            sizes[name] += 1
    active = 1.0 if profile.people < 10 else ACTIVE
    held = profile.memories * store["search"]["held_each"] * active * UNEVEN / 1e9

    def both(kind: str) -> tuple[float, float]:
        took = seen.took[kind]
        return share(took, 0.5) * 1000, share(took, 0.95) * 1000

    return Needed(
        profile,
        sizes[SERVER],
        sizes[WORKER],
        sizes[DATABASE],
        busy,
        both("context"),
        both("search"),
        share(seen.took["jobs"], 0.95) * 1000,
        held / sizes[SERVER] + IDLE,
        profile.memories * each / 1e9,
        profile.memories * store["backup"]["bytes"] / 1e9,
    )


def cluster(memories: int, qdrant: dict[str, int], engine: dict[str, Any]) -> dict[str, float]:
    """Return what an index of so many vectors needs of Qdrant, int8 numbers in memory and whole ones on disk."""
    memory = memories * qdrant["memory"] * SPARE / 1e9
    alone = memory <= NODE / 4
    copies = 1 if alone else COPIES
    nodes = 1 if alone else max(3, math.ceil(memory * copies / NODE))
    return {
        "memory": memory,
        "copies": copies,
        "nodes": nodes,
        "shards": nodes if alone else 2 * nodes,
        "disk": memories * engine["bytes"] * copies / 1e9,
        "build": memories * engine["build_ms"] / 3.6e6,
    }
