"""How the parts of a running recollect are, for whoever asks: told without names, paths or texts."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from recollect.errors import IndexAway, RecollectError
from recollect.library import AsyncMemory
from recollect.models import JobState
from recollect.ops.around import followed, kept
from recollect.ports import Local

PATIENCE: Final = 3.0
"""Seconds a part has to answer."""
LOW, NEEDED = 2 << 30, 200 << 20
"""Bytes of free disk below which the doctor warns too, and below which writes are about to fail."""


class Status(StrEnum):
    """How a part, or the whole, is: `degraded` works but not as well as it should."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    STARTING = "starting"


Part = tuple[Status, dict[str, Any]]
ORDER: Final = list(Status)


async def parts(memory: AsyncMemory, *, helped: bool = False) -> Mapping[str, dict[str, Any]]:
    """Return each part's status, the milliseconds it took to ask, and what is to be told about it.

    `helped` says that another process works off the jobs of this store.
    """

    async def worker(asked: AsyncMemory) -> Part:
        return await _worker(asked, helped=helped)

    checks = {"store": _store, "worker": worker, "embedder": _embedder, "disk": _disk}
    if memory.app.models.names:
        checks["models"] = _models
    if memory.app.indexed is not None:
        checks["index"] = _index
    if memory.app.beside.graphed is not None:
        checks["graph"] = _graph
    if memory.app.database.behind is not None:
        checks["replica"] = _replica
    if memory.app.settings.retention.policies:
        checks["retention"] = _retention
    if memory.app.settings.node.role == "agent":
        checks["sync"] = _sync
    found = await asyncio.gather(*(_asked(check, memory) for check in checks.values()))
    return dict(zip(checks, found, strict=True))


def worst(found: Iterable[Mapping[str, Any]]) -> Status:
    """Return how the whole is: as its worst part."""
    return max((Status(part["status"]) for part in found), key=ORDER.index)


async def _asked(check: Callable[[AsyncMemory], Awaitable[Part]], memory: AsyncMemory) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            status, more = await check(memory)
    except TimeoutError:
        status, more = Status.UNHEALTHY, {"error": "no_answer"}
    except (RecollectError, OSError, RuntimeError) as error:  # RuntimeError: its threads are gone, it is being closed
        status, more = Status.UNHEALTHY, {"error": error.code if isinstance(error, RecollectError) else "failed"}
    return {"status": status, "latency_ms": round((time.perf_counter() - began) * 1000, 3), **more}


async def _store(memory: AsyncMemory) -> Part:
    await memory.app.engine.stores.records.head()
    return Status.HEALTHY, {}


async def _worker(memory: AsyncMemory, *, helped: bool) -> Part:
    """Tell of the worker and its queue: parked jobs wait for somebody to look at them."""
    counts = await memory.app.engine.stores.queue.count()
    parked = sum(number for (_, state), number in counts.items() if state is JobState.PARKED)
    running = memory.app.worker.running or helped
    helped = helped or not memory.app.settings.server.jobs
    status = Status.HEALTHY if (running or helped) and not parked else Status.DEGRADED
    return status, {"running": running, "waiting": sum(counts.values()) - parked, "parked": parked}


async def _embedder(memory: AsyncMemory) -> Part:
    """Tell whether questions are searched by meaning; without an embedder they are by words."""
    embed = memory.app.engine.embed
    if embed.model == "none":
        return Status.DEGRADED, {"weights": "none", "search": "words"}
    weights = embed.weights() if isinstance(embed, Local) else "remote"
    well = weights != "missing" and memory.app.by_meaning
    return (Status.HEALTHY if well else Status.DEGRADED), {
        "weights": weights,
        "search": "hybrid" if well else "words",
    }


async def _index(memory: AsyncMemory) -> Part:
    """Tell whether the index of vectors answers; where it does not, words answer alone and nothing is lost."""
    app = memory.app
    try:
        held = 0 if app.indexed is None else await app.indexed.asked(app.indexed.index.count(app.engine.embed.model))
    except IndexAway as error:
        return Status.DEGRADED, {"error": error.code, "search": "words"}
    return Status.HEALTHY, {"vectors": held}


async def _graph(memory: AsyncMemory) -> Part:
    """Tell whether Neo4j answers; where it does not, the store answers for the graph and nothing is lost."""
    graph = memory.app.beside.graphed
    try:
        held = 0 if graph is None else await graph.ping()
    except IndexAway as error:
        return Status.DEGRADED, {"error": error.code, "answers": "store"}
    return Status.HEALTHY, {"entities": held, "answers": "neo4j"}


async def _replica(memory: AsyncMemory) -> Part:
    """Tell whether searches read the replica; where they do not, the database answers and nothing is lost."""
    found = followed(memory.app)
    if found is None or found.behind is None:
        return Status.DEGRADED, {"error": "no_answer", "answers": "database"}
    told = {"lag_seconds": round(found.behind, 3), "answers": "replica" if found.read else "database"}
    return (Status.HEALTHY if found.read else Status.DEGRADED), told


async def _retention(memory: AsyncMemory) -> Part:
    """Tell whether policies came to their end when they last ran."""
    found = await kept(memory.app)
    failed = 0 if found is None else len(found.failed)
    return (Status.DEGRADED if failed else Status.HEALTHY), {"failed": failed}


async def _disk(memory: AsyncMemory) -> Part:
    free = (await asyncio.to_thread(shutil.disk_usage, memory.app.settings.home)).free
    status = Status.UNHEALTHY if free < NEEDED else Status.DEGRADED if free < LOW else Status.HEALTHY
    return status, {"free_mb": free >> 20}


async def _models(memory: AsyncMemory) -> Part:
    """Tell of the language models: without them the rules go on, so nothing of it is worse than degraded."""
    models = memory.app.models
    standing, resting = await models.standing(), models.resting
    status = Status.DEGRADED if standing.spent or resting else Status.HEALTHY
    return status, {"named": len(models.names), "resting": len(resting), "budget_spent": standing.spent}


async def _sync(memory: AsyncMemory) -> Part:
    """Tell how far a node is with its center, which it can do without for as long as it must."""
    app = memory.app
    link = await app.sync.link()
    waiting = max(0, await app.engine.stores.records.head() - link.pushed)
    told = {"to_send": waiting, "to_fetch": link.ahead, "paused": link.paused}
    return (Status.DEGRADED if link.error or link.paused else Status.HEALTHY), told
