"""Opens what the settings name beside the records, and looks after it while the program runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from recollect.engine import EMBED
from recollect.errors import ConfigError, RecollectError
from recollect.ports import Embed, Queue, Vectors
from recollect.settings import Settings, secret
from recollect.stores.beside.asking import Following
from recollect.stores.beside.outbox import INDEX
from recollect.stores.beside.places import outbox_at
from recollect.stores.beside.vectors import IndexedVectors
from recollect.stores.neo4j.outbox import GRAPH
from recollect.stores.qdrant.layout import Layout
from recollect.stores.sql.database import Database
from recollect.worker.embed import Embedding
from recollect.worker.worker import Handler

if TYPE_CHECKING:
    from recollect.stores.beside.index import Index
    from recollect.stores.neo4j.graph import Neo4jGraph

LOOK: Final = 10.0
"""Seconds after which an index that did not answer is asked again, when work waits for it."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the records and follows them: vectors with an index, a graph with a Neo4j, either or none."""

    indexed: IndexedVectors | None = None
    graphed: Neo4jGraph | None = None

    def jobs(self, vectors: Vectors, embed: Embed, queue: Queue) -> dict[str, Handler]:
        """Return what makes vectors, and what tells whatever stands beside the records."""
        made: dict[str, Handler] = {EMBED: Embedding(vectors, embed)}
        if self.indexed is not None:
            made[INDEX] = Following(self.indexed, queue, INDEX)
        if self.graphed is not None:
            made[GRAPH] = Following(self.graphed, queue, GRAPH)
        return made

    async def attend(self, queue: Queue, model: str, wake: Callable[[], None]) -> None:
        """Take up what waits, now and whenever who it waits for answers again, until this is cancelled."""
        indexed, graphed = self.indexed, self.graphed
        if graphed is not None:
            with suppress(RecollectError):  # it begins when it answers
                await graphed.begin()
            wake()
        while indexed is not None or graphed is not None:
            if indexed is not None:
                await _retry(queue, INDEX, partial(_counted, indexed, model), wake)
                with suppress(RecollectError):  # what a process with another index took the job of
                    await indexed.follow()
            if graphed is not None:
                await _retry(queue, GRAPH, graphed.ping, wake)
            await asyncio.sleep(LOOK)


def open_beside(settings: Settings, database: Database) -> Beside:
    """Return what the settings name beside the records; raise ConfigError.

    Nothing is asked of it yet: the store opens whether it answers or not.
    """
    return Beside(_indexed(settings, database), None if settings.graph.url is None else _graph(settings, database))


def index_place(settings: Settings) -> str | None:
    """Return where the settings' index of vectors is, without keys."""
    url = secret(settings.vectors.url)
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}#{settings.vectors.prefix}" if url else None


def _indexed(settings: Settings, database: Database) -> IndexedVectors | None:
    place = index_place(settings)
    if place is None:
        return None
    opened = _opener(settings)
    outbox = database.write_now(lambda connection: outbox_at(connection, place))
    return IndexedVectors(database, opened(database.write_now(outbox.ensure)), outbox)


async def _counted(indexed: IndexedVectors, model: str) -> int:
    return await indexed.asked(indexed.index.count(model))


async def _retry(queue: Queue, name: str, ping: Callable[[], Awaitable[object]], wake: Callable[[], None]) -> None:
    """Take up parked jobs of a name once who they wait for answers."""
    try:
        parked = [job.id for job in await queue.parked(name)]
        if parked:
            await ping()
            await queue.retry(parked)
            wake()
    except RecollectError:
        pass  # it is told where it matters: in searches, in health, by the doctor


def _graph(settings: Settings, database: Database) -> Neo4jGraph:
    try:
        opened: Callable[..., Neo4jGraph] = import_module("recollect.stores.neo4j.open").open_graph
    except ImportError as error:
        raise ConfigError(
            "graph.url names a Neo4j, whose driver is not installed", hint="pip install 'recollect[neo4j]'"
        ) from error
    chosen = settings.graph
    return opened(
        database,
        secret(chosen.url),
        user=chosen.user,
        password=secret(chosen.password) or None,
        name=chosen.database,
        prefix=chosen.prefix,
        timeout=chosen.timeout,
    )


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
