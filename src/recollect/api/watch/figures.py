"""The figures of one application: counted as things happen, in a registry of its own."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from recollect.meters import Deed

FAST: Final = (0.5, 1, 2, 5, 10, 20, 40, 80, 150, 300, 600, 1000, 2500, 5000, 10_000)
"""Milliseconds: fine where the targets are (2, 5, 8, 40), coarse where something is wrong."""
SLOW: Final = (5, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000)
"""Milliseconds a batch of jobs may take."""
COUNTS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 500, 1000)

HOOKS: Final = frozenset(
    {
        "session_start",
        "user_prompt_submit",
        "pre_tool_use",
        "post_tool_use",
        "notification",
        "pre_compact",
        "subagent_stop",
        "stop",
        "session_end",
    }
)
"""The hooks that have a label of their own; every other one is `other`, so that labels stay few."""
LONGEST_HOOK: Final = 600_000.0
"""Milliseconds: no client waits longer for a hook, so what claims more is not believed."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Figures:
    """Counters and histograms. Every method takes microseconds and is safe on any thread."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.active = 0
        self.requests = 0
        self.registry = registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"recollect_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, *labels: str, buckets: Sequence[float] = FAST) -> Histogram:
            return Histogram(f"recollect_{name}", text, labels, buckets=buckets, registry=registry)

        self._http = counter("http_requests", "Requests by route, method and status", "route", "method", "status")
        self._http_ms = histogram("http_request_ms", "Time to answer, event streams left out", "route", "method")
        self._running = Gauge("recollect_http_requests_active", "Requests under way", registry=registry)
        self._hook_ms = histogram("hook_latency_ms", "Time of a hook", "hook_type")
        self._created = counter("observations_created", "Memories captured")
        self._results = histogram("search_results_count", "Memories found by a search", "strategy", buckets=COUNTS)
        self._jobs = counter("jobs_done", "Jobs run, by name and outcome", "job", "outcome")
        self._failed = counter("failures", "Captures, searches, contexts and transactions that failed", "verb")
        self._calls = counter("model_calls", "Calls to language models, by model and outcome", "model", "outcome")
        self._tokens = counter("model_tokens", "Tokens that language models took", "model")
        self._looks = counter("cache_lookups", "Looks for what is kept, by cache and outcome", "cache", "outcome")
        queries = histogram("db_query_time_ms", "Time of a transaction, waiting for its turn included", "kind")
        self._times = {
            "capture": histogram("capture_latency_ms", "Time to keep what came in", "way"),
            "search": histogram("search_latency_ms", "Time to find", "strategy"),
            "context": histogram("context_latency_ms", "Time to find and compose a context", "strategy"),
            "job": histogram("observations_processing_time_ms", "Time of a batch of jobs", "job", buckets=SLOW),
            "embed": histogram("embed_time_ms", "Time of a call to the embedder", "model", buckets=SLOW),
            "model": histogram("model_time_ms", "Time of a call to a language model", "model", buckets=SLOW),
            "rerank": histogram("rerank_time_ms", "Time of a call to the reranker", "model", buckets=SLOW),
            "read": queries,
            "write": queries,
        }

    def __call__(self, deed: Deed) -> None:
        """Hear of something the library did; of what failed only jobs are timed."""
        if deed.verb == "cache":
            self._looks.labels(deed.way, "hit" if deed.count else "miss").inc()
            return
        if deed.verb == "model":
            self._calls.labels(deed.way, "failed" if deed.failed else "answered").inc()
            self._tokens.labels(deed.way).inc(deed.count)
        times = self._times.get(deed.verb)
        if times is None:
            return
        if deed.verb == "job":
            self._jobs.labels(deed.way, "failed" if deed.failed else "done").inc(deed.count)
        elif deed.failed:
            self._failed.labels(deed.verb).inc()
            return
        times.labels(deed.verb if deed.verb in {"read", "write"} else deed.way).observe(deed.seconds * 1000)
        if deed.verb == "capture":
            self._created.inc(deed.count)
        elif deed.verb == "search":
            self._results.labels(deed.way).observe(deed.count)

    def begun(self) -> None:
        """Hear that a request has come."""
        self.active += 1
        self.requests += 1
        self._running.inc()

    def answered(self, route: str, method: str, status: int, milliseconds: float, *, live: bool) -> None:
        """Hear that a request is over."""
        self.active -= 1
        self._running.dec()
        known = method if method in METHODS else "OTHER"
        self._http.labels(route, known, str(status)).inc()
        if not live:
            self._http_ms.labels(route, known).observe(milliseconds)

    def hooked(self, name: str, milliseconds: float) -> None:
        """Hear how long a hook took; what no hook can take is passed over."""
        if math.isfinite(milliseconds) and 0 <= milliseconds <= LONGEST_HOOK:
            folded = "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name[:64]).strip("_")
            self._hook_ms.labels(folded if folded in HOOKS else "other").observe(milliseconds)
