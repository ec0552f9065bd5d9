"""Opens stores to be moved."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from recollect.app.beside import index_place, open_beside
from recollect.app.store_key import driver_of
from recollect.app.stores import open_database, place_of
from recollect.errors import ConfigError
from recollect.meters import Meters
from recollect.settings import Settings, secret
from recollect.stores.beside.places import drop_others
from recollect.stores.sql.copying.compare import counts, size
from recollect.stores.sql.copying.look import Look, look
from recollect.stores.sql.copying.note import End, Note, read_note
from recollect.stores.sql.copying.pair import Pair, end
from recollect.stores.sql.copying.sample import Asked, questions
from recollect.stores.sql.copying.target import confirm
from recollect.stores.sql.database import Database, prepare_home
from recollect.text.words import VERSION

FILE: Final = "sqlite:///"
INDEX: Final = "vectors"
"""Under what a store that took another one's place notes where that one had its index of vectors."""
SERVERS: Final = ("postgresql", "postgres", "postgresql+psycopg")


def left_for(database: Database) -> str | None:
    """Return the address of the store that a store was left for, `None` where it was not."""
    note = database.read_now(read_note)
    return note.other if note is not None and note.end is End.LEFT else None


def elsewhere(settings: Settings, to: str, schema: str | None) -> Settings:
    """Return settings whose store is at another address; raise ConfigError for one that is none."""
    scheme = to.partition("://")[0]
    store: dict[str, Any] = {**settings.store.model_dump(), "replica_url": None}
    if to.startswith(FILE) and len(to) > len(FILE):
        path = Path(to.removeprefix(FILE)).expanduser()
        path = path.absolute()
        inside = path.is_relative_to(settings.home)
        store |= {"url": None, "file": str(path.relative_to(settings.home) if inside else path)}
    elif scheme in SERVERS:
        store |= {"url": to, "schema_name": schema or settings.store.schema_name}
    else:
        raise ConfigError(
            "--to is no address of a store", hint="Write postgresql://user@host/database, or sqlite:///file.db."
        )
    return settings.model_copy(update={"store": type(settings.store).model_validate(store)})


def with_index(settings: Settings, url: str) -> Settings:
    """Return settings whose index of vectors is elsewhere, or `none`; raise ConfigError for what is no address."""
    changed = {**settings.vectors.model_dump(), "url": None if url == "none" else url}
    try:
        vectors = type(settings.vectors).model_validate(changed)
    except ValueError as error:
        raise ConfigError(
            "--vectors is no address of an index", hint="Write qdrant://host:6333, chroma://host:8000, or none."
        ) from error
    return settings.model_copy(update={"vectors": vectors})


def index_url(settings: Settings) -> str:
    """Return where the settings' index of vectors is, without a key; `none` where there is none."""
    scheme, _, rest = secret(settings.vectors.url).partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if rest else "none"


def address(settings: Settings) -> str:
    """Return where the settings' store is, without a password."""
    url = secret(settings.store.url)
    if not url:
        return f"{FILE}{settings.database}"
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    query = "&".join(part for part in parts.query.split("&") if part and not part.startswith("password="))
    bare = urlunsplit(("postgresql", f"{user.partition(':')[0]}{at}{host}", parts.path, query, ""))
    return f"{bare}#{settings.store.schema_name}"


@dataclass(frozen=True, slots=True)
class Moving:
    """Two stores that are open to be moved, and the settings by which they are."""

    pair: Pair
    source: Settings
    target: Settings
    filled: Database

    def index(self) -> int:
        """Fill whatever finds vectors for the target; return how many an index beside it was told. Raises IndexAway."""
        if self.target.store.url is not None and self.target.store.pgvector:
            self.pair.index()
        return self.tell_index()

    def tell_index(self) -> int:
        """Tell an index beside the target what it has not heard; return how much. Raises IndexAway."""
        return asyncio.run(self._tell_index())

    def questions(self, most: int) -> list[Asked]:
        """Return questions that both stores are to answer alike."""
        return self.filled.read_now(lambda connection: questions(connection, most))

    async def _tell_index(self) -> int:
        alone = self.target.model_copy(update={"graph": type(self.target.graph).model_validate({})})
        indexed = open_beside(alone, self.filled).indexed
        if indexed is None:
            return 0
        try:
            return await indexed.follow()
        finally:
            await indexed.close()


@contextmanager
def moving(source: Settings, target: Settings, batch: int) -> Iterator[Moving]:
    """Open two stores, the second one made where there is none; raises StoreError and ConfigError."""
    if address(source) == address(target):
        raise ConfigError("--to names the store that is moved", hint="Name another place.")
    prepare_home(source.home)
    if target.store.url is None:
        prepare_home(target.database.parent)
    here = open_database(source, Meters(), analysis=VERSION)
    try:
        there = open_database(target, Meters(), analysis=VERSION)
        try:
            yield Moving(Pair(here, there, address(source), address(target), batch=batch), source, target, there)
        finally:
            there.close_now()
    finally:
        here.close_now()


def end_of(settings: Settings) -> Note | None:
    """Have the settings' store note no more changes; return what it had noted, `None` where it was not moved."""
    with store_of(settings) as database:
        return end(database)


def forget_indexes(settings: Settings) -> list[str]:
    """Have nothing noted for indexes other than the settings' own; return where they were."""
    with store_of(settings) as database:
        return database.write_now(lambda connection: drop_others(connection, index_place(settings)))


@contextmanager
def store_of(settings: Settings) -> Iterator[Database]:
    """Open a store for what it notes."""
    prepare_home(settings.home)
    database = open_database(settings, Meters(), analysis=VERSION)
    try:
        yield database
    finally:
        database.close_now()


def arrived(settings: Settings) -> bool:
    """See to what a move to this store may have been broken off before; `False` where none brought it here."""
    with store_of(settings) as database:
        note = database.read_now(read_note)
        if note is None or note.end is not End.TAKEN:
            return False
        confirm(database)
    return True


def note_of(settings: Settings) -> Note | None:
    """Return what a store notes about being moved."""
    with store_of(settings) as database:
        return database.read_now(read_note)


def look_at(settings: Settings) -> Look:
    """Look at the place that settings name, and make nothing there. Raises StoreError where it cannot be reached."""
    path = settings.database
    if settings.store.url is None and not path.exists():
        return Look("not there yet") if _writable(path.parent) else Look(f"{path.parent} cannot be written", good=False)
    database = Database(place_of(settings), readers=1, driver=driver_of(settings))
    try:
        return database.read_now(look)
    finally:
        database.close_now()


def _writable(folder: Path) -> bool:
    """Whether a folder, or where it would be made, can be written."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def size_of(settings: Settings) -> tuple[dict[str, int], int]:
    """Return how many rows each table has, and how many bytes the store takes."""
    with store_of(settings) as database:
        return database.read_now(lambda connection: (counts(connection), size(connection)))
