"""Opens a store for its rows alone: for backups, and for making a store from one."""

from __future__ import annotations

from recollect.app.app import App
from recollect.app.store_key import driver_of
from recollect.app.stores import place_of
from recollect.exchange import Gone
from recollect.ports import Tables
from recollect.settings import Settings
from recollect.stores.postgres.embedding import ensure_all
from recollect.stores.sql.database import Database, prepare_home
from recollect.stores.sql.migrate import HEAD, upgrade
from recollect.stores.sql.scrub import rewrite, scrub
from recollect.stores.sql.tables import SqlTables, gone

__all__ = ["HEAD", "OpenTables", "gone_at", "index_vectors", "open_tables", "tables_of", "wipe", "write_anew"]


class OpenTables(SqlTables):
    """The Tables port over a database of its own."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._own = database

    async def close(self) -> None:
        """Close the database."""
        await self._own.close()


def open_tables(settings: Settings, schema: str = HEAD) -> OpenTables:
    """Open the store that the settings name; a new one is made in the form `schema`. Raises StoreError."""
    prepare_home(settings.home)
    database = Database(place_of(settings), driver=driver_of(settings))
    try:
        upgrade(database, to=schema)
    except BaseException:  # however opening ends, no connection stays
        database.close_now()
        raise
    return OpenTables(database)


def gone_at(settings: Settings) -> Gone:
    """Return what was forgotten in the store that is there, of whatever release; raise StoreError, where it is damaged.

    It is left as it is, and none is made.
    """
    if settings.store.url is None and not settings.database.exists():
        return Gone()
    database = Database(place_of(settings), driver=driver_of(settings))
    try:
        return database.read_now(gone)
    finally:
        database.close_now()


def tables_of(app: App) -> Tables:
    """Return the rows of a store that is open."""
    return SqlTables(app.database)


async def index_vectors(app: App) -> None:
    """Make what a database server searches vectors by, where it has something for it; the rows are its only source."""
    if app.settings.store.url is not None and app.settings.store.pgvector:
        await app.database.write(ensure_all)


async def write_anew(app: App) -> None:
    """Have a database server write its tables anew, without what was deleted; they are locked meanwhile."""
    await rewrite(app.database)


async def wipe(app: App) -> None:
    """Take what was deleted out of the store's pages at once, instead of by the job that does it otherwise."""
    await scrub(app.database)
