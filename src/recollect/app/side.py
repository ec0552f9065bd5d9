"""A place of its own for a store that is being made, and the change-over once it is found to be good.

Beside a file it is a folder, beside a schema of PostgreSQL another schema. Until the change-over nothing is touched.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, Protocol

from recollect.app.store_key import driver_of
from recollect.errors import ConfigError, Conflict, RecollectError
from recollect.settings import Settings, secret
from recollect.stores.sql.database import Database, prepare_home

ENDS: Final = ("-wal", "-shm")
"""What the names of the files beside one of SQLite end in."""
SIDE: Final = "_restoring_"
KEPT: Final = "_before_"
LONGEST: Final = 63
"""Characters that the name of a schema may have."""
BESIDE: Final = ("vectors", "redis", "graph")
"""Settings of what stands beside a store and is made again from it."""


class Side(Protocol):
    """A store being made beside the one that `wanted` names."""

    scratch: Settings
    """Settings that open it."""

    def put(self) -> str | None:
        """Let it take the place it was made for; return where the store is now that was there before, if one was.

        Raises Conflict where there is a store by now that is not to be replaced.
        """


@contextmanager
def beside(wanted: Settings, *, replace: bool = False) -> Iterator[Side]:
    """Give a place for a store that is to be where `wanted` says; what was not put there is gone afterwards.

    Raises Conflict where there is a store, unless `replace` says that it is to be put aside.
    """
    prepare_home(wanted.home)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=wanted.home) as name:
        if wanted.store.url is None:
            yield _File(wanted, Path(name), replace=replace)
            return
        side = _Schema(wanted, Path(name), replace=replace)
        try:
            yield side
        finally:
            side.drop()


def plain(settings: Settings, home: Path) -> Settings:
    """Return settings that open a file in a folder, by itself: no server, no index, no cache beside it."""
    return _alone(settings, home, {"url": None, "replica_url": None})


def _alone(settings: Settings, home: Path, store: dict[str, Any]) -> Settings:
    changes: dict[str, Any] = {"home": home, "store": settings.store.model_copy(update=store)}
    for name in BESIDE:
        part = getattr(settings, name, None)
        if part is not None and hasattr(part, "url"):
            changes[name] = part.model_copy(update={"url": None})
    return settings.model_copy(update=changes)


class _File:
    """A folder in the data directory."""

    def __init__(self, wanted: Settings, folder: Path, *, replace: bool) -> None:
        self._wanted, self._replace = wanted, replace
        self.scratch = plain(wanted, folder)
        self._refuse()

    def put(self) -> str | None:
        """Put the file under its name, those that are there under another."""
        self._refuse()
        made, place = self.scratch.database, self._wanted.database
        aside = None
        if place.exists():
            aside = place.with_name(f"{place.name}.before-restore-{_stamp()}")
            _settle(self._wanted)
            for end in ENDS:
                _moved(place, aside, end)
        for end in ENDS:
            made.with_name(made.name + end).unlink(missing_ok=True)
        if aside is not None:
            place.rename(aside)
        made.replace(place)
        return None if aside is None else str(aside)

    def _refuse(self) -> None:
        if self._wanted.database.exists() and not self._replace:
            raise Conflict(
                f"There is a store at {self._wanted.database}",
                hint="Restore to another place with --to, move this store away, or say --replace.",
            )


class _Schema:
    """A schema in the same database."""

    def __init__(self, wanted: Settings, folder: Path, *, replace: bool) -> None:
        try:
            self._schemas: Any = import_module("recollect.stores.postgres.schemas")
        except ImportError as error:
            raise ConfigError(
                "A store in PostgreSQL needs psycopg, which is not installed", hint="pip install 'recollect[postgres]'"
            ) from error
        self._url, self._schema, self._replace = secret(wanted.store.url), wanted.store.schema_name, replace
        found = self._schemas.look(self._url, self._schema)
        if found is self._schemas.Found.OTHER or (found is self._schemas.Found.STORE and not replace):
            raise Conflict(
                f"There is {found} in the schema {self._schema}",
                hint="Restore into another schema with --schema, or, where it is a store, say --replace.",
            )
        self._side = _named(self._schema, SIDE, token_hex(4))
        self.scratch = _alone(wanted, folder, {"schema_name": self._side, "replica_url": None})

    def put(self) -> str | None:
        """Rename the schemas in one transaction."""
        aside = _named(self._schema, KEPT, _stamp()) if self._replace else None
        there = self._replace and self._schemas.look(self._url, self._schema) is self._schemas.Found.STORE
        self._schemas.change_over(self._url, self._side, self._schema, aside=aside)
        return f"the schema {aside}" if there else None

    def drop(self) -> None:
        """Remove the schema, unless it was put where it belongs."""
        self._schemas.drop(self._url, self._side)


def _named(schema: str, word: str, end: str) -> str:
    return schema[: LONGEST - len(word) - len(end)] + word + end


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y%m%dt%H%M%S}"


def _settle(settings: Settings) -> None:
    """Bring everything into the file itself, as far as it can be read at all: that may be why it is replaced."""
    with suppress(RecollectError):
        database = Database(settings.database, driver=driver_of(settings))
        try:
            database.write_now(lambda _: None)
        finally:
            database.close_now()  # the last one to close a file writes its log into it


def _moved(place: Path, aside: Path, end: str) -> None:
    source = place.with_name(place.name + end)
    if source.exists():
        source.rename(aside.with_name(aside.name + end))
