"""Looks whether everything is as it should be, and says what to do where it is not."""

from __future__ import annotations

from collections.abc import Iterator

from recollect.app import App, open_app
from recollect.app.probing import probing, storeless
from recollect.clock import SystemClock
from recollect.engine import EMBED
from recollect.errors import RecollectError
from recollect.exchange import Condition
from recollect.models import Job, JobState
from recollect.ops.at_rest import at_rest
from recollect.ops.before import before
from recollect.ops.check import Check, Status
from recollect.ops.forms import forms
from recollect.ops.language import language
from recollect.ops.leaning import leaning
from recollect.ops.machine import machine
from recollect.ops.sides import sides
from recollect.ops.spooled import spooled
from recollect.settings import Settings
from recollect.text.words import VERSION

SHOWN = 3


async def examine(settings: Settings, *, models: bool = False) -> list[Check]:
    """Return every check, of the machine and then of the store; no store is made.

    Nothing is written, except that with `models` each model, embedder and reranker is asked one tiny question, which is
    noted where there is a store.
    """
    checks = [*machine(settings), *before(settings), *at_rest(settings), spooled(settings.home)]
    checks += await forms(settings)
    if settings.store.url is None and not settings.database.exists():
        checks.append(Check("store", Status.OK, "none yet: it is made with the first memory"))
        return [*checks, *await _storeless(settings)] if models else checks
    try:
        app = open_app(settings)
    except RecollectError as error:
        return [*checks, _failed("store", error)]
    try:
        return [*checks, *await _store(app), *await language(probing(app), probe=models)]
    except RecollectError as error:
        return [*checks, _failed("store", error)]
    finally:
        await app.close()


async def _storeless(settings: Settings) -> list[Check]:
    try:
        async with storeless(settings) as asking:
            return await language(asking, probe=True)
    except RecollectError as error:
        return [_failed("models", error)]


def _failed(name: str, error: RecollectError) -> Check:
    return Check(name, Status.FAIL, error.message, error.hint)


async def _store(app: App) -> list[Check]:
    damage = await app.upkeep.problems()
    if damage:
        remedy = "Restore a backup or an export; move the file away to start anew."
        return [Check("integrity", Status.FAIL, "; ".join(damage[:SHOWN]), remedy)]
    model = app.engine.embed.model
    found = await app.upkeep.condition(model)
    parked = [job for job in await app.engine.stores.queue.jobs(limit=1000) if job.state is JobState.PARKED]
    waiting = await app.engine.stores.queue.waiting()
    size = (await app.upkeep.census(SystemClock().now())).size / 2**20
    return [
        Check("store", Status.OK, f"{found.memories:,} memories in {found.chunks:,} chunks, {size:,.1f} MB"),
        Check("integrity", Status.OK, "the database is sound"),
        Check("schema", Status.OK, f"version {found.schema}"),
        _journal(found),
        _analysis(found),
        *_vectors(found, model),
        *await sides(app),
        *_jobs(parked, waiting),
        *await leaning(app),
    ]


def _journal(found: Condition) -> Check:
    if found.journal == "wal":
        return Check("journal", Status.OK, "write-ahead log")
    if found.journal == "fsync off":
        return Check("journal", Status.WARN, "fsync is off: a crash of the machine loses data", "Set fsync = on.")
    remedy = "Keep the data directory on a local disk: network disks cannot do WAL."
    return Check("journal", Status.WARN, f"mode {found.journal}", remedy)


def _analysis(found: Condition) -> Check:
    if found.analysis == VERSION or not found.memories:
        return Check("analysis", Status.OK, f"version {VERSION}")
    detail = f"the index was made by version {found.analysis} of the rules, this release has {VERSION}"
    return Check("analysis", Status.WARN, detail, "recollect reindex")


def _vectors(found: Condition, model: str) -> Iterator[Check]:
    held = ", ".join(f"{count:,} of {name}" for name, count in found.models.items()) or "none"
    if model == "none":
        yield Check("vectors", Status.OK, held)
    elif found.models and model not in found.models:
        yield Check("vectors", Status.WARN, f"{held}, but the embedder is {model}", "recollect reindex")
    elif found.unembedded:
        yield Check("vectors", Status.WARN, f"{held}; {found.unembedded:,} still to be made", "recollect reindex")
    else:
        yield Check("vectors", Status.OK, held)


def _jobs(parked: list[Job], waiting: int) -> Iterator[Check]:
    if not parked:
        yield Check("jobs", Status.OK, f"{waiting:,} waiting, none parked")
        return
    reasons = dict.fromkeys(f"{job.name}: {job.error}" for job in parked)
    detail = f"{len(parked):,} parked, {waiting:,} waiting. " + "; ".join(list(reasons)[:SHOWN])
    missing = all(job.name == EMBED and "EmbedderMissing" in (job.error or "") for job in parked)
    yield Check("jobs", Status.WARN, detail, "recollect models pull" if missing else "recollect jobs retry")
