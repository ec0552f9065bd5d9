"""Opens the store that the settings name: a file of SQLite, or a database on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from recollect.app.beside import Beside, open_beside
from recollect.app.former import keep_former
from recollect.app.store_key import driver_of
from recollect.errors import ConfigError
from recollect.meters import Meters
from recollect.ports import Embed, Graph, Vectors, Words
from recollect.retrieve.ways import Ways
from recollect.settings import Settings, secret
from recollect.stores.postgres.embedding import usable
from recollect.stores.postgres.walls import put_up, take_down
from recollect.stores.resident.index import ResidentLore, ResidentVectors, ResidentWords, Threads
from recollect.stores.resident.tenants import Tenants
from recollect.stores.sql.database import Database
from recollect.stores.sql.graph import SqlGraph
from recollect.stores.sql.lore import SqlLore
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.vectors import SqlVectors
from recollect.stores.sql.words import SqlWords

if TYPE_CHECKING:
    from pathlib import Path

    from recollect.stores.sql.backing import Backing

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Searching:
    """What answers searches: tenants held in memory, in front of what the database or an index beside it answers."""

    tenants: Tenants
    threads: Threads
    words: ResidentWords
    vectors: ResidentVectors
    lore: ResidentLore
    graph: Graph
    beside: Beside

    def ways(self, embed: Embed) -> Ways:
        """Return the ports that a search goes through."""
        return Ways(self.words, self.vectors, self.lore, self.graph, embed)


def open_database(settings: Settings, meters: Meters, *, analysis: int) -> Database:
    """Return the database, created or upgraded; raise StoreError or ConfigError, whereupon nothing stays open."""
    store = settings.store
    if store.replica_url is not None and store.url is None:
        raise ConfigError("store.replica_url is set without store.url", hint="Name the database itself too.")
    place = place_of(settings)
    replica = None if store.replica_url is None else Database(_replica(settings, place), meters=meters)
    database = Database(place, meters=meters, replica=replica, driver=driver_of(settings))
    try:
        keep_former(settings, database)
        upgrade(database, analysis=analysis)
        if store.url is not None and store.row_security is not None:
            (put_up if store.row_security else take_down)(database)
    except BaseException:  # however opening ends, no connection stays
        database.close_now()
        raise
    return database


def place_of(settings: Settings) -> Path | Backing:
    """Return what a database stands on: the file, or the server that `store.url` names."""
    url = settings.store.url
    return settings.database if url is None else _server(settings, url.get_secret_value())


def _replica(settings: Settings, place: Path | Backing) -> Backing:
    """Return what searches read: the replica that `store.replica_url` names, with the database itself behind it."""
    standby = _server(settings, secret(settings.store.replica_url), standby=True)
    opened: Callable[..., Backing] = import_module("recollect.stores.postgres.replica").Replica
    return opened(place, standby, lag=settings.store.replica_lag)


def searching(settings: Settings, database: Database) -> Searching:
    """Return what answers searches over a database."""
    tenants = Tenants(database.searched, limit=settings.store.memory_mb * MEGABYTE)
    threads = Threads(tenants)
    words, vectors = _behind(settings, database)
    beside = open_beside(settings, database)
    return Searching(
        tenants,
        threads,
        ResidentWords(threads, words),
        ResidentVectors(threads, beside.indexed or vectors),
        ResidentLore(threads, SqlLore(database.searched)),
        beside.graphed or SqlGraph(database.searched),
        beside,
    )


def _behind(settings: Settings, database: Database) -> tuple[Words, Vectors]:
    """Return what answers for tenants that do not fit in memory."""
    if settings.store.url is None:
        return SqlWords(database), SqlVectors(database)
    words: Words = import_module("recollect.stores.postgres.words").PostgresWords(database.searched)
    if not (settings.store.pgvector and database.write_now(usable)):
        return words, SqlVectors(database)
    vectors: Vectors = import_module("recollect.stores.postgres.vectors").PostgresVectors(database)
    return words, vectors


def _server(settings: Settings, url: str, *, standby: bool = False) -> Backing:
    try:
        opened: Callable[..., Backing] = import_module("recollect.stores.postgres.server").PostgresServer
    except ImportError as error:
        raise ConfigError(
            "A store in PostgreSQL needs psycopg, which is not installed", hint="pip install 'recollect[postgres]'"
        ) from error
    store = settings.store
    return opened(url, schema=store.schema_name, writers=store.writers, timeout=store.timeout, standby=standby)
