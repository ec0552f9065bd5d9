"""The composition root: builds everything from settings, and is the only place that picks backends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from recollect.app.models import chat, embedder
from recollect.chat import Agent
from recollect.clock import SystemClock
from recollect.engine import DERIVE, EMBED, SCRUB, SUMMARISE, Engine, Rules, Stores
from recollect.errors import ProviderError
from recollect.meters import Meters
from recollect.models import Job, Task
from recollect.ports import Clock, Dump, Embed, Owners, Tokens, Upkeep
from recollect.providers.metered import MeteredEmbed
from recollect.retrieve.fuse import Weights
from recollect.retrieve.gather import Ways
from recollect.retrieve.search import Finder, Options
from recollect.settings import Settings
from recollect.stores.resident.index import ResidentLore, ResidentVectors, ResidentWords, Threads
from recollect.stores.resident.tenants import Tenants
from recollect.stores.sql.database import Database, prepare_home
from recollect.stores.sql.dump import SqlDump
from recollect.stores.sql.graph import SqlGraph
from recollect.stores.sql.lore import SqlLore
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.owners import SqlOwners
from recollect.stores.sql.queue import SqlQueue
from recollect.stores.sql.records import SqlRecords
from recollect.stores.sql.scrub import scrub
from recollect.stores.sql.tokens import SqlTokens
from recollect.stores.sql.upkeep import SqlUpkeep
from recollect.stores.sql.vectors import SqlVectors
from recollect.stores.sql.words import SqlWords
from recollect.text.words import VERSION
from recollect.worker.derive import Deriving, Summarising
from recollect.worker.embed import Embedding
from recollect.worker.identity import own_name, release_abandoned
from recollect.worker.worker import Handler, Pace, Worker

MEGABYTE = 1 << 20


@dataclass(slots=True)
class App:
    """An engine with its stores and its worker."""

    settings: Settings
    engine: Engine
    worker: Worker
    database: Database
    tenants: Tenants
    threads: Threads
    dump: Dump
    upkeep: Upkeep
    tokens: Tokens
    meters: Meters
    embedding: MeteredEmbed
    owners: Owners
    agent: Agent
    _making_up: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin working off jobs, those left by processes that died and by a missing embedder among them."""
        await release_abandoned(self.engine.stores.queue)
        self.worker.start()
        self._making_up = asyncio.create_task(self._make_up())

    async def _make_up(self) -> None:
        """See to vectors that could not be made before: for want of an embedder, or because it is another one now."""
        queue, embed = self.engine.stores.queue, self.engine.embed
        parked = [job.id for job in await queue.parked(EMBED)]
        models = await self.engine.stores.vectors.models()
        changed = bool(models) and embed.model not in models
        if not parked and not changed:
            return
        try:
            await embed.embed(["ready"])
        except ProviderError:
            return
        await queue.retry(parked)
        if changed:
            await queue.push([Task(EMBED, {"all": True})])
        self.worker.wake()

    async def drain(self) -> None:
        """Wait until every job so far is done, those that are made up at the start among them."""
        if self._making_up is not None:
            await self._making_up
        await self.worker.drain()

    async def close(self) -> None:
        """Stop the worker, then release threads and files."""
        if self._making_up is not None:
            self._making_up.cancel()
            with suppress(asyncio.CancelledError):
                await self._making_up
        await self.worker.stop()
        await self.agent.close()
        self.threads.close()
        self.tenants.close()
        await self.engine.stores.records.close()
        close = getattr(self.engine.embed, "close", None)
        if close is not None:
            close()


def open_app(settings: Settings, *, embed: Embed | None = None, clock: Clock | None = None) -> App:
    """Open (and create or upgrade) the store that the settings name, and put everything together.

    `embed` and `clock` take the place of what the settings would choose. Raises StoreError and ConfigError.
    """
    prepare_home(settings.home)
    clock = clock or SystemClock()
    meters = Meters()
    database = Database(settings.database, meters=meters)
    try:
        upgrade(database, analysis=VERSION)
        return _built(settings, database, embed or embedder(settings), clock, meters)
    except BaseException:
        database.close_now()
        raise


def _built(settings: Settings, database: Database, embed: Embed, clock: Clock, meters: Meters) -> App:
    records, queue = SqlRecords(database, clock), SqlQueue(database, clock)
    tenants = Tenants(database, limit=settings.store.memory_mb * MEGABYTE)
    threads = Threads(tenants)
    words = ResidentWords(threads, SqlWords(database))
    vectors = ResidentVectors(threads, SqlVectors(database))
    lore, graph = ResidentLore(threads, SqlLore(database)), SqlGraph(database)
    options = Options(
        settings.retrieve.candidates, _weights(settings.retrieve.word_weight), settings.retrieve.similarity_threshold
    )
    embedding = MeteredEmbed(embed, meters)
    finder = Finder(Ways(words, vectors, lore, graph, embedding), records, options)

    async def scrubbing(_: object) -> None:
        await scrub(database)

    handlers: dict[str, Handler] = {
        EMBED: Embedding(vectors, embedding),
        DERIVE: Deriving(records, words, clock),
        SUMMARISE: Summarising(records, clock),
        SCRUB: scrubbing,
    }
    pace = Pace(settings.worker.lease, settings.worker.attempts, settings.worker.poll)
    worker = Worker(
        own_name(), queue, {name: _metered(name, do, meters) for name, do in handlers.items()}, pace, {EMBED: 2}
    )
    rules = Rules(
        settings.capture.density_threshold,
        settings.retrieve.top_k,
        settings.compose.budget,
        settings.compose.fusion_limit,
        settings.compose.language,
    )
    stores = Stores(records, queue, words, vectors, lore, graph)
    engine = Engine(stores, finder, embed, clock, rules, worker.wake)
    dump, upkeep = SqlDump(database, clock), SqlUpkeep(database)
    tokens = SqlTokens(database)
    agent = Agent(engine, clock, chat(settings.chat), settings.compose.language)
    owners = SqlOwners(database)
    return App(
        settings, engine, worker, database, tenants, threads, dump, upkeep, tokens, meters, embedding, owners, agent
    )


def _metered(name: str, do: Handler, meters: Meters) -> Handler:
    """Return a handler that tells how long its jobs took."""

    async def measured(jobs: Sequence[Job]) -> None:
        with meters.timing("job", name, len(jobs)):
            await do(jobs)

    return measured


def _weights(word_weight: float | None) -> Weights:
    """Return the weights, with the balance of words and meaning moved to `word_weight` when it is set."""
    usual = Weights()
    if word_weight is None:
        return usual
    both = usual.words + usual.meaning
    return Weights(words=both * word_weight, meaning=both * (1 - word_weight))
