"""The figures of the store as Prometheus reads them, and the short form for people and older clients."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from recollect.api.watch.figures import Figures
from recollect.api.watch.leaning import gauge, of_backups, of_leaning
from recollect.api.watch.standing import Standing, Told
from recollect.models import JobState

if sys.platform != "win32":
    import resource

MEGABYTE: Final = 1 << 20
SYNC: Final = {
    "to_send": "Changes of this node that its center has not been told of",
    "to_fetch": "Changes of the center that this node had not fetched when it last asked",
    "refused": "Memories that the center would not take",
    "lag_seconds": "Seconds since this node and its center were last alike",
    "nodes": "Nodes of this center",
}
QUANTILES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


class Snapshot(Collector):
    """One scrape's gauges."""

    def __init__(self, figures: Figures, told: Told, listeners: int) -> None:
        self._figures, self._told, self._listeners = figures, told, listeners

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield every gauge; those of the store are left out while it has not been counted."""
        yield gauge("recollect_worker_uptime_seconds", "Seconds since the start", uptime(self._figures))
        yield gauge("recollect_worker_memory_usage_mb", "Resident memory", resident_mb())
        yield gauge("recollect_listeners", "Clients that listen to live events", self._listeners)
        if self._told.standing is not None:
            yield from _of_store(self._told.standing)
        if self._told.leaning is not None:
            yield from of_leaning(self._told.leaning)
        if self._told.backed is not None:
            yield from of_backups(self._told.backed)


def _of_store(standing: Standing) -> Iterator[GaugeMetricFamily]:
    census = standing.census
    total = sum(census.kinds.values())
    yield gauge("recollect_observations_count", "Memories in the store", total)
    kinds = GaugeMetricFamily("recollect_memories", "Memories by kind", labels=["kind"])
    for kind, number in sorted(census.kinds.items()):
        kinds.add_metric([kind], number)
    yield kinds
    yield gauge("recollect_vector_count", "Vectors in the store", census.vectors)
    yield gauge("recollect_sessions_total", "Conversations in the store", census.conversations)
    yield gauge("recollect_sessions_active", "Conversations with a turn in the last 30 minutes", census.active)
    average = census.turns / census.conversations if census.conversations else 0
    yield gauge("recollect_avg_observations_per_session", "Turns of a conversation on average", average)
    yield gauge("recollect_tokens_used_total", "Tokens that calls to models took", census.tokens)
    yield gauge("recollect_tokens_cost_usd", "What calls to models cost", census.cost)
    yield gauge("recollect_db_size_mb", "Size of the database", census.size / MEGABYTE)
    jobs = GaugeMetricFamily("recollect_jobs", "Jobs that are not done", labels=["job", "state"])
    for (name, state), number in sorted(standing.jobs.items()):
        jobs.add_metric([name, state.value], number)
    yield jobs
    parked = sum(number for (_, state), number in standing.jobs.items() if state is JobState.PARKED)
    yield gauge("recollect_jobs_parked", "Jobs set aside after failing too often", parked)
    waiting = sum(standing.jobs.values()) - parked
    yield gauge("recollect_jobs_waiting", "Jobs waiting or being worked on", waiting)
    text = "Seconds for which the oldest job that could be done has waited"
    yield gauge("recollect_jobs_oldest_seconds", text, standing.waited.total_seconds())
    for name, value in standing.sync.items():
        yield gauge(f"recollect_sync_{name}", SYNC[name], value)


class Both(CollectorRegistry):
    """What was counted as it happened, and one scrape's gauges, as one registry.

    `summed` stands for the counts where several processes answer as one.
    """

    def __init__(self, figures: Figures, snapshot: Snapshot, summed: Collector | None = None) -> None:
        super().__init__(auto_describe=False)
        self.register(summed or figures.registry)
        self.register(snapshot)


def short(figures: Figures, standing: Standing | None, listeners: int) -> dict[str, Any]:
    """Return the figures people look at first; the first three are those of older clients."""
    store: dict[str, Any] = {}
    if standing is not None:
        waiting = dict.fromkeys(JobState, 0)
        for (_, state), number in standing.jobs.items():
            waiting[state] += number
        store = {
            "memories": sum(standing.census.kinds.values()),
            "memories_by_kind": dict(standing.census.kinds),
            "vectors": standing.census.vectors,
            "sessions": {"total": standing.census.conversations, "active": standing.census.active},
            "tokens_used": standing.census.tokens,
            "cost_usd": round(standing.census.cost, 6),
            "db_size_mb": round(standing.census.size / MEGABYTE, 3),
            "jobs": {state.value: number for state, number in waiting.items()},
        }
    return {
        "active_connections": figures.active,
        "total_requests": figures.requests,
        "timestamp": time.time(),
        "uptime_seconds": round(uptime(figures), 3),
        "memory_mb": round(resident_mb(), 1),
        "listeners": listeners,
        "latency_ms": dict(_latencies(figures.registry)),
        **store,
    }


def _latencies(registry: CollectorRegistry) -> Iterator[tuple[str, dict[str, float | None]]]:
    """Yield the quantiles of capture, search and context, over all their ways."""
    for verb in ("capture", "search", "context"):
        buckets: dict[float, float] = {}
        for family in registry.collect():
            if family.name == f"recollect_{verb}_latency_ms":
                for sample in family.samples:
                    if sample.name.endswith("_bucket"):
                        end = float(sample.labels["le"])
                        buckets[end] = buckets.get(end, 0.0) + sample.value
        if buckets and buckets[math.inf]:
            yield verb, {name: quantile(buckets, share) for name, share in QUANTILES.items()}


def quantile(buckets: dict[float, float], share: float) -> float | None:
    """Return the value below which this share lies, as Prometheus estimates it: evenly spread within a bucket.

    `None` when it lies beyond the last bucket's end.
    """
    wanted = share * buckets[math.inf]
    start, below = 0.0, 0.0
    for end, upto in sorted(buckets.items()):
        if upto >= wanted:
            return None if math.isinf(end) else round(start + (end - start) * (wanted - below) / (upto - below), 3)
        start, below = end, upto
    return None


def uptime(figures: Figures) -> float:
    """Return the seconds since these figures were begun."""
    return time.monotonic() - figures.started


def resident_mb() -> float:
    """Return how much memory this process holds; where the system does not say, the most it ever held, or 0."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE
    except (OSError, ValueError, IndexError):
        return _most_mb()


def _most_mb() -> float:
    if sys.platform == "win32":
        return 0.0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / MEGABYTE if sys.platform == "darwin" else most / 1024
