"""Opens the index of vectors that the settings name, and looks after it while the program runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Final

from recollect.engine import EMBED
from recollect.errors import ConfigError, RecollectError
from recollect.ports import Embed, Queue, Vectors
from recollect.settings import Settings, secret
from recollect.stores.beside.outbox import INDEX, ensure
from recollect.stores.beside.vectors import Following, IndexedVectors
from recollect.stores.qdrant.layout import Layout
from recollect.stores.sql.database import Database
from recollect.worker.embed import Embedding
from recollect.worker.worker import Handler

if TYPE_CHECKING:
    from recollect.stores.beside.index import Index

LOOK: Final = 10.0
"""Seconds after which an index that did not answer is asked again, when work waits for it."""


def open_beside(settings: Settings, database: Database) -> IndexedVectors | None:
    """Return the vectors with their index, `None` where the settings name none; raise ConfigError.

    The index is not asked for anything yet: the store opens whether it answers or not.
    """
    if settings.vectors.url is None:
        return None
    opened = _opener(settings)
    return IndexedVectors(database, opened(database.write_now(ensure)))


def vector_jobs(vectors: Vectors, indexed: IndexedVectors | None, embed: Embed, queue: Queue) -> dict[str, Handler]:
    """Return what makes vectors, and what tells the index of them."""
    made: dict[str, Handler] = {EMBED: Embedding(vectors, embed)}
    return made if indexed is None else {**made, INDEX: Following(indexed, queue)}


async def attend(indexed: IndexedVectors, queue: Queue, model: str, wake: Callable[[], None]) -> None:
    """Take up what waits for the index, now and whenever it answers again, until this is cancelled."""
    while True:
        try:
            parked = [job.id for job in await queue.parked(INDEX)]
            if parked:
                await indexed.asked(indexed.index.count(model))
                await queue.retry(parked)
                wake()
        except RecollectError:
            pass  # it is told where it matters: in searches, in health, by the doctor
        await asyncio.sleep(LOOK)


def _opener(settings: Settings) -> Callable[[str], Index]:
    chosen = settings.vectors
    url = secret(chosen.url)
    name = "chroma" if url.startswith("chroma") else "qdrant"
    try:
        module = import_module(f"recollect.stores.{name}.open")
    except ImportError as error:
        raise ConfigError(
            f"vectors.url names {name.title()}, whose client is not installed",
            hint=f"pip install 'recollect[{name}]'",
        ) from error
    common = {"prefix": chosen.prefix, "api_key": secret(chosen.api_key) or None, "timeout": chosen.timeout}
    if name == "chroma":
        return lambda store: module.open_chroma(url, store, **common)
    layout = Layout(chosen.shards, chosen.replicas, chosen.quantised)
    return lambda store: module.open_qdrant(url, store, grpc=chosen.grpc, layout=layout, **common)
