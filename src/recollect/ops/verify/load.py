"""The two steps of a verification that press: many at once, and how long single requests take."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from recollect.ops.check import Status
from recollect.ops.verify.step import Trial, Wrong, demand, name

CALLERS, EACH = 8, 5
ROUNDS: Final = 30
USUAL: Final = 200.0
"""Milliseconds that an answer takes at most on a machine that is not busy, as the systems before this one had it."""


def concurrency(trial: Trial) -> str:
    """Many write and search at once, and every note of theirs is there afterwards, once."""
    who = name()

    def call(number: int) -> list[str]:
        kept = []
        for turn in range(EACH):
            text = f"Caller {number} of {who} left message {turn} on the pinboard."
            kept.append(trial.verbs.add(text, **trial.scope).id)
            trial.verbs.search(f"What did caller {number} of {who} leave?", **trial.scope)
        return kept

    with ThreadPoolExecutor(CALLERS) as pool:
        kept = [memory for ids in pool.map(call, range(CALLERS)) for memory in ids]
    wanted = CALLERS * EACH
    found = {hit.memory.id for hit in trial.verbs.search(f"messages of {who}", limit=wanted * 2, **trial.scope)}
    remedy = "This is a fault of recollect, or of a proxy that answers without asking: report it with the server's log."
    demand(len(set(kept)) == wanted, f"{wanted} notes were written, {len(set(kept))} were kept", remedy)
    demand(set(kept) <= found, f"{len(set(kept) - found)} of {wanted} notes written at once are not found", remedy)
    return f"{CALLERS} callers at once, {wanted} notes, none lost"


def latency(trial: Trial, warn: float, fail: float) -> str:
    """Nineteen of twenty writes, searches and contexts take less than `warn` milliseconds."""
    who = name()
    took = {
        "write": _timed(lambda turn: trial.verbs.add(f"{who} counted {turn} gulls over the harbour.", **trial.scope)),
        "search": _timed(lambda turn: trial.verbs.search(f"How many gulls, {who} {turn}?", **trial.scope)),
        "context": _timed(lambda turn: trial.verbs.context(f"Gulls of {who} {turn}", budget=300, **trial.scope)),
    }
    told = ", ".join(f"{verb} {_share(times, 0.5):.0f}/{_share(times, 0.95):.0f}" for verb, times in took.items())
    detail = f"p50/p95 in ms: {told}"
    worst = max(_share(times, 0.95) for times in took.values())
    remedy = "A busy machine, a slow disk or a far embedder: /metrics says which (docs/operations/watch.md)."
    if worst > warn:
        raise Wrong(detail, remedy, Status.FAIL if worst > fail else Status.WARN)
    return detail if worst <= USUAL else f"{detail} (usual are {USUAL:.0f} at most)"


def _timed(ask: Callable[[int], object]) -> Sequence[float]:
    times = []
    for turn in range(ROUNDS):
        began = time.perf_counter()
        ask(turn)
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)


def _share(times: Sequence[float], share: float) -> float:
    return times[math.ceil(share * len(times)) - 1]
