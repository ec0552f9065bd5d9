"""The composition root: builds everything from settings, and is the only place that picks backends."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from recollect.access.access import Access
from recollect.access.acting import Acting
from recollect.access.records import ActingRecords
from recollect.access.store import ActingDump
from recollect.across.answers import Answers
from recollect.across.search import CrossSearch
from recollect.app.across import cross_search
from recollect.app.beside import Beside
from recollect.app.changing import Changing
from recollect.app.embedders import embedder
from recollect.app.forgetting import Forgetting
from recollect.app.in_use import check_in_use
from recollect.app.infer import SIDE_BY_SIDE, Inference, inference
from recollect.app.models import language_models
from recollect.app.noting import noting
from recollect.app.rerank import reranking
from recollect.app.shelves import shelving
from recollect.app.spending import Book
from recollect.app.stores import open_database, searching
from recollect.chat import Agent
from recollect.clock import SystemClock
from recollect.engine import DERIVE, EMBED, INFER, SCRUB, SUMMARISE, Engine, Rules, Stores
from recollect.errors import ProviderError, RecollectError
from recollect.meters import Meters
from recollect.models import Isolation, Job, System, Task
from recollect.ports import (
    Audit,
    Clock,
    Dump,
    Embed,
    Models,
    Nodes,
    Owners,
    People,
    Projects,
    Queue,
    Replies,
    Sync,
    Tellings,
    Tokens,
    Upkeep,
)
from recollect.providers.chat.language import LanguageModels
from recollect.providers.chat.paced import PacedModels
from recollect.providers.metered import MeteredEmbed
from recollect.retrieve.fuse import Weights
from recollect.retrieve.search import Finder, Options
from recollect.settings import Settings
from recollect.stores.beside.vectors import IndexedVectors
from recollect.stores.resident.index import Threads
from recollect.stores.resident.tenants import Tenants
from recollect.stores.sql.audit import SqlAudit
from recollect.stores.sql.database import Database, prepare_home
from recollect.stores.sql.keep.retention import SqlRetention
from recollect.stores.sql.owners import SqlOwners
from recollect.stores.sql.people import SqlPeople
from recollect.stores.sql.projects import SqlProjects
from recollect.stores.sql.queue import SqlQueue
from recollect.stores.sql.replies import SqlReplies
from recollect.stores.sql.sync.nodes import SqlNodes
from recollect.stores.sql.sync.sync import SqlSync
from recollect.stores.sql.tokens import SqlTokens
from recollect.stores.sql.upkeep import SqlUpkeep
from recollect.text.words import VERSION
from recollect.worker.identity import own_name, release_abandoned
from recollect.worker.noting import Noting
from recollect.worker.worker import Handler, Pace, Worker


@dataclass(slots=True)
class App:
    """An engine with its stores and its worker."""

    settings: Settings
    engine: Engine
    worker: Worker
    database: Database
    tenants: Tenants
    threads: Threads
    beside: Beside
    dump: Dump
    upkeep: Upkeep
    tokens: Tokens
    meters: Meters
    embedding: MeteredEmbed
    owners: Owners
    agent: Agent
    audit: Audit
    people: People
    projects: Projects
    access: Access
    sync: Sync
    nodes: Nodes
    across: CrossSearch
    models: LanguageModels
    inferring: Inference
    tellings: Tellings
    noting: Noting
    retention: SqlRetention
    forgetting: Forgetting
    changing: Changing
    _following: asyncio.Task[None] | None = None
    _making_up: asyncio.Task[None] | None = None
    _warming: asyncio.Task[None] | None = None
    _renewing: asyncio.Task[None] | None = None
    _attending: asyncio.Task[None] | None = None
    _changing: asyncio.Task[None] | None = None

    @property
    def indexed(self) -> IndexedVectors | None:
        """The vectors, where an index stands beside them."""
        return self.beside.indexed

    @property
    def by_meaning(self) -> bool:
        """Whether questions were last searched for by meaning: embedded, and answered by the index if there is one."""
        embedded = self.changing.asked and not self.changing.lacking
        return embedded and (self.indexed is None or self.indexed.answering)

    @property
    def replies(self) -> Replies:
        """What was answered under keys of clients."""
        return SqlReplies(self.database, self.access.clock)

    def begin_forgetting(self) -> None:
        """Follow what other processes delete, so that this one holds none of it either."""
        self._following = asyncio.create_task(self.forgetting.follow(), name="recollect-forgetting")

    async def start(self) -> None:
        """Begin working off jobs, those left by processes that died and by a missing embedder among them."""
        await release_abandoned(self.engine.stores.queue)
        loop = asyncio.get_running_loop()
        self.database.listen(lambda: loop.call_soon_threadsafe(self.worker.wake))
        self.worker.start()
        self.begin_forgetting()
        self._making_up = asyncio.create_task(self._make_up())
        self._warming = asyncio.create_task(self.models.warm())
        self._renewing = asyncio.create_task(self._renew())
        self._changing = asyncio.create_task(self.changing.follow(), name="recollect-changing")
        queue, model = self.engine.stores.queue, self.engine.embed.model
        self._attending = asyncio.create_task(self.beside.attend(queue, model, self.worker.wake))

    async def _make_up(self) -> None:
        """See to vectors that could not be made before: for want of an embedder, or because it is another one now."""
        queue, embed = self.engine.stores.queue, self.engine.embed
        parked = [job.id for job in await queue.parked(EMBED)]
        vectors = self.engine.stores.vectors
        models = await vectors.models()
        changed = bool(models) and embed.model not in models
        if len(models) > 1 and not changed:  # others wrote by a former embedder after this one's vectors were made
            changed = bool(await vectors.unembedded(embed.model, limit=1))
        if not parked and not changed:
            return
        try:
            await self.embedding.embed(["ready"])
        except ProviderError:
            return
        await queue.retry(parked)
        if changed:
            await queue.push([Task(EMBED, {"all": True})])
        self.worker.wake()

    async def _renew(self) -> None:
        """At midnight, when the day's budget begins anew, see to the vectors that could not be paid for."""
        while True:
            now = datetime.now(UTC)
            tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=1)
            await asyncio.sleep((tomorrow - now).total_seconds())
            with suppress(RecollectError):
                await self._make_up()

    async def drain(self) -> None:
        """Wait until every job so far is done, those that are made up at the start among them."""
        if self._making_up is not None:
            await self._making_up
        await self.worker.drain()

    async def close(self) -> None:
        """Stop the worker, then release threads and files."""
        await self.across.settled()
        await self.noting.settled()
        under_way = (self._making_up, self._warming, self._attending, self._renewing, self._following, self._changing)
        for begun in under_way:
            if begun is not None:
                begun.cancel()
                with suppress(asyncio.CancelledError):
                    await begun
        await self.worker.stop()
        await self.models.aclose()
        self.threads.close()
        self.tenants.close()
        await self.engine.stores.records.close()
        reranking = self.engine.finder.reranking
        model = reranking and reranking.model
        for held in (self.engine.embed, self.changing, model, self.indexed, self.beside.graphed):
            await released(held)


async def released(held: object) -> None:
    """Close what holds threads or connections."""
    for name in ("close", "aclose"):
        close = getattr(held, name, None)
        if close is not None:
            done = close()
            if done is not None:
                await done


def open_app(
    settings: Settings,
    *,
    embed: Embed | None = None,
    clock: Clock | None = None,
    models: Models | None = None,
    moving: bool = False,
) -> App:
    """Open (and create or upgrade) the store that the settings name, and put everything together.

    `embed`, `clock` and (for what is made of memories) `models` take the place of what the settings would choose.
    A store that was left for another, or is being filled, is opened only for `moving` it. Raises StoreError and
    ConfigError.
    """
    prepare_home(settings.home)
    clock = clock or SystemClock()
    meters = Meters()
    database = open_database(settings, meters, analysis=VERSION)
    try:
        if not moving:
            check_in_use(database)
        return _built(settings, database, embed or embedder(settings), clock, meters, models)
    except BaseException:  # however building ends, no connection stays
        database.close_now()
        raise


def _built(
    settings: Settings, database: Database, embed: Embed, clock: Clock, meters: Meters, given: Models | None
) -> App:
    shelves, found = shelving(settings, database, clock), searching(settings, database)
    records, queue = shelves.records, SqlQueue(database, clock)
    models = language_models(settings, database, records, meters, clock)
    inferring = inference(settings, models if given is None else PacedModels(given, settings.infer.concurrency))
    book = Book(settings, models.jot, models.hold, clock)
    embedding = MeteredEmbed(embed, meters, book.embedding())
    asking = Changing(settings, database, embedding, meters, book)
    ways, reranker = found.ways(asking.embed), reranking(settings.rerank, meters, book.reranking())
    finder = Finder(ways, records, _options(settings), reranking=reranker, rephrase=inferring.rephrase)
    answers, audit = Answers(), SqlAudit(database, clock, settings.home / "audit.head")
    forgetting = Forgetting(database, models, asking.quick.clear, answers.clear, shelves.boxes.forget)
    handlers: dict[str, Handler] = {
        **found.beside.jobs(found.vectors, asking.quick, queue),
        **inferring.handlers(records, found.words, clock),
        **shelves.handlers,
        SCRUB: forgetting,
    }
    worker = _worker(settings, queue, handlers, meters)
    people, projects = SqlPeople(database), SqlProjects(database, clock)
    access = Access(people, projects, clock, audit, usual=Isolation(settings.project.project_isolation_mode))
    system = Acting(access, System())
    stores = Stores(ActingRecords(records, system), queue, found.words, found.vectors, found.lore, found.graph)
    tellings, telling = noting(settings.agents, database, records, clock)
    rules = _rules(settings, reranks=reranker is not None, infers=inferring.infers)
    engine = Engine(stores, finder, embed, clock, rules, worker.wake, inferring.composing())
    return App(
        settings=settings,
        engine=engine,
        worker=worker,
        database=database,
        tenants=found.tenants,
        threads=found.threads,
        beside=found.beside,
        dump=ActingDump(shelves.dump, system),
        upkeep=SqlUpkeep(database),
        tokens=SqlTokens(database),
        meters=meters,
        embedding=embedding,
        owners=SqlOwners(database),
        agent=Agent(engine, clock, models, settings.compose.language, telling.note),
        audit=audit,
        people=people,
        projects=projects,
        access=access,
        sync=SqlSync(database, clock),
        nodes=SqlNodes(database),
        across=cross_search(
            settings.project, database, finder, found, records, audit, clock, embedding, answers, queue
        ),
        models=models,
        inferring=inferring,
        tellings=tellings,
        noting=telling,
        retention=shelves.retention,
        forgetting=forgetting,
        changing=asking,
    )


def _worker(settings: Settings, queue: Queue, handlers: Mapping[str, Handler], meters: Meters) -> Worker:
    pace = Pace(settings.worker.lease, settings.worker.attempts, settings.worker.poll)
    metered = {name: _metered(name, do, meters) for name, do in handlers.items()}
    lanes = Counter({EMBED: 3, INFER: SIDE_BY_SIDE})
    times = settings.worker.concurrency
    rooms = {name: times * max(lanes[name], 1) for name in handlers}
    # What is searched for goes before what is made of it: both are ready in the end, and only the first is waited for.
    return Worker(own_name(), queue, metered, pace, rooms, patient=(DERIVE, SUMMARISE))


def _rules(settings: Settings, *, reranks: bool, infers: bool) -> Rules:
    most = settings.rerank.keep if reranks else settings.retrieve.top_k
    return Rules(settings.capture.density_threshold, most, infers)


def _options(settings: Settings) -> Options:
    chosen = settings.retrieve
    return Options(chosen.candidates, _weights(chosen.word_weight), chosen.similarity_threshold)


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
