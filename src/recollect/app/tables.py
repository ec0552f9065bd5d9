"""Opens a store for its rows alone: for backups, and for making a store from one."""

from __future__ import annotations

from recollect.app.app import App
from recollect.ports import Tables
from recollect.settings import Settings
from recollect.stores.sql.database import Database, prepare_home
from recollect.stores.sql.migrate import HEAD, upgrade
from recollect.stores.sql.scrub import scrub
from recollect.stores.sql.tables import SqlTables

__all__ = ["HEAD", "OpenTables", "open_tables", "tables_of", "wipe"]


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
    database = Database(settings.database)
    try:
        upgrade(database, to=schema)
    except BaseException:
        database.close_now()
        raise
    return OpenTables(database)


def tables_of(app: App) -> Tables:
    """Return the rows of a store that is open."""
    return SqlTables(app.database)


async def wipe(app: App) -> None:
    """Take what was deleted out of the store's pages at once, instead of by the job that does it otherwise."""
    await scrub(app.database)
