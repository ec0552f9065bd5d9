"""A PostgreSQL server behind the SQL core: pools, transactions, and the settings every connection is given."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import psycopg as dialect

from recollect.errors import ConfigError, StoreError
from recollect.models import walls
from recollect.stores.postgres.cursor import Cursor
from recollect.stores.postgres.errors import AGAIN, LOCKED, sqlstate, translated
from recollect.stores.postgres.news import News
from recollect.stores.postgres.walls import OPEN, shut_in, up
from recollect.stores.sql.json_text import json_text
from recollect.stores.sql.lock import HOLD_SCHEMA, SETTLED

log = logging.getLogger(__name__)

T = TypeVar("T")

WRITERS = 4
TRIES = 6
SCHEMA = "recollect"
"""Where our tables are unless it is said otherwise: apart from those of others, and from pgvector's type `vector`."""
_NAMED = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
CONNECT_SECONDS = 10
LOOK_SECONDS = 10
"""How often a server looks whether row-level security was switched on or off."""
LOCK_SECONDS = 30
"""Longest wait for a lock."""
IDLE_SECONDS = 20
"""How long a transaction may stand idle before the server ends it: whoever waits for a process that stands still, with
locks in its hands, outlasts it."""

_END_STANDING = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND usename = current_user AND application_name = 'recollect' AND state = 'active' "
    "AND wait_event = 'ClientRead' AND query NOT LIKE 'COPY %%' AND now() - state_change > make_interval(secs => %s)"
)


def server_url(text: str) -> sa.URL:
    """Return the address of a server, whichever driver it names; raise ConfigError where it is none."""
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise ConfigError(
            "store.url is not an address", hint="Write postgresql://user:password@host/database."
        ) from error
    if url.drivername.split("+")[0] not in {"postgresql", "postgres"}:
        raise ConfigError(
            f"store.url names {url.drivername}, which is not known",
            hint="Write postgresql://user:password@host/database.",
        )
    return url.set(drivername="postgresql+psycopg")


class PostgresServer:
    """The Backing of one database on a server. With `standby` it is only read, and may be a replica."""

    writers = WRITERS

    def __init__(
        self,
        url: str,
        *,
        schema: str = SCHEMA,
        readers: int = 4,
        writers: int = WRITERS,
        timeout: float = 60.0,
        standby: bool = False,
    ) -> None:
        self._schema = schema
        self.writers = writers
        self.dialect: sa.Dialect = dialect.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
        self._url = server_url(url)
        self._timeout = timeout
        self._writer = self._engine(writers, "READ COMMITTED")
        self._lazy_writer = self._writer.execution_options(durable=False)
        self._reader = self._engine(2 * readers + 2, "REPEATABLE READ").execution_options(postgresql_readonly=True)
        self._asking = threading.Lock()
        self._asker: psycopg.Connection[Any] | None = None
        self._news: News | None = None
        self._standby = standby
        self._opening = threading.Lock()
        self._walls_up, self._looked = False, float("-inf")

    def prepare(self) -> None:
        """Make the schema, unless it is there; of several processes one does."""

        def there(connection: psycopg.Connection[Any]) -> bool:
            # Not to_regnamespace: that one may answer from before another process made it.
            return connection.execute(_NAMED, (self._schema,)).fetchone() is not None

        with translated(), self.door() as connection:
            if there(connection):
                return
            with connection.transaction():
                connection.execute(HOLD_SCHEMA)
                if not there(connection):
                    connection.execute(f'CREATE SCHEMA "{self._schema}"')

    def write(self, work: Callable[[sa.Connection], T], *, durable: bool) -> T:
        """Run `work` in a transaction; again, a few times, where others got in its way."""
        engine = self._writer if durable else self._lazy_writer
        with translated():
            for attempt in range(TRIES):
                try:
                    with engine.begin() as connection:
                        self._shut_in(connection)
                        return work(connection)
                except sa.exc.DBAPIError as error:
                    if sqlstate(error) == LOCKED:
                        self._end_standing()
                    if sqlstate(error) not in AGAIN or attempt + 1 == TRIES:
                        raise
                    time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - so that two do not meet again
        raise StoreError("The database was given no chance to write")  # pragma: no cover

    def _end_standing(self) -> None:
        """End connections of ours that stand still in the middle of what they were sending.

        There the server counts no time at all: a process that is stopped would keep its locks until it goes on.
        """
        with contextlib.suppress(psycopg.Error), self.door() as connection:
            ended = connection.execute(_END_STANDING, (IDLE_SECONDS,)).rowcount
            if ended:
                log.warning("Ended %d connections of processes that stood still with what others waited for", ended)

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` over one consistent view; once more where the connection turns out to be lost."""
        with translated():
            try:
                with self._reader.begin() as connection:
                    self._shut_in(connection)
                    return work(connection)
            except sa.exc.DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            with self._reader.begin() as connection:
                self._shut_in(connection)
                return work(connection)

    def ask(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of one statement, on a connection kept for that."""
        if walls():
            return self.read(lambda connection: list(connection.exec_driver_sql(statement, tuple(values)).tuples()))
        with translated():
            return self._asked(lambda connection: connection.execute(statement, values).fetchall())

    def settled(self) -> int | None:
        """Return the place in the log up to which it is complete (see `stores.sql.lock`)."""

        def asked(connection: psycopg.Connection[Any]) -> int:
            found = connection.execute(SETTLED)
            last = int(found.fetchone()[0])  # type: ignore[index]
            found.nextset()
            announced = found.fetchone()[0]  # type: ignore[index]
            return last if announced is None else min(last, int(announced))

        with translated():
            return self._asked(asked)

    def outside(self, statements: Sequence[str]) -> list[Any]:
        """Run statements outside any transaction."""
        rows: list[Any] = []
        with translated(), self.door() as connection:
            connection.execute("SET statement_timeout = 0")
            for statement in statements:
                found = connection.execute(statement)
                rows = found.fetchall() if found.description else []
        return rows

    def wrote(self) -> None:
        """Have the other processes told."""
        self._heard().wrote()

    def watch(self) -> Watch:
        """Return what tells whether anyone has written."""
        return Watch(self._heard())

    def listen(self, heard: Callable[[], object]) -> None:
        """Call `heard` when another process has written."""
        self._heard().listen(heard)

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Turn every error of the driver into one of ours."""
        with translated():
            yield

    def close(self) -> None:
        """Close every connection."""
        if self._news is not None:
            self._news.close()
        if self._asker is not None:
            self._asker.close()
        self._writer.dispose()
        self._reader.dispose()

    def _heard(self) -> News:
        with self._opening:
            if self._news is None:
                self._news = News(self.door, self._schema, standby=self._standby)
            return self._news

    def _asked(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        with self._asking:
            for last in (False, True):
                if self._asker is None or self._asker.closed:
                    self._asker = self.door()
                try:
                    return work(self._asker)
                except psycopg.OperationalError:
                    if last or not self._asker.closed:
                        raise
        raise StoreError("The database was not asked")  # pragma: no cover

    def _shut_in(self, connection: sa.Connection) -> None:
        """Put a transaction behind the walls that whoever asks for it stands in, where the database has any."""
        if reaches := walls():
            if time.monotonic() - self._looked > LOOK_SECONDS:
                self._walls_up, self._looked = up(connection), time.monotonic()
            if self._walls_up:
                shut_in(connection, reaches)

    def door(self) -> psycopg.Connection[Any]:
        """Return a connection of its own, outside any transaction."""
        url = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(url, autocommit=True, **_ARGUMENTS)
        self._settle(connection)
        return connection

    def _settle(self, connection: psycopg.Connection[Any]) -> None:
        """Give a connection what all of ours have; a server that commits without the disk is told to wait for it."""
        connection.execute(
            f"{OPEN}, set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false), "
            "set_config('idle_in_transaction_session_timeout', %s, false), set_config('timezone', 'UTC', false), "
            "set_config('search_path', %s, false), "
            "CASE current_setting('synchronous_commit') WHEN 'off' "
            "THEN set_config('synchronous_commit', 'on', false) END",
            (f"{int(self._timeout * 1000)}", f"{LOCK_SECONDS}s", f"{IDLE_SECONDS}s", f"{self._schema}, public"),
        )

    def _engine(self, size: int, isolation: Any) -> sa.Engine:
        engine = sa.create_engine(
            self._url,
            pool_size=size,
            max_overflow=0,
            pool_timeout=LOCK_SECONDS,
            pool_pre_ping=True,
            isolation_level=isolation,
            connect_args={**_ARGUMENTS, "cursor_factory": Cursor},
            json_serializer=json_text,
            hide_parameters=True,  # errors must not tell what people said
        )

        @sa.event.listens_for(engine, "connect")
        def opened(driver: Any, _record: object) -> None:
            connection = driver.driver_connection if hasattr(driver, "driver_connection") else driver
            connection.autocommit = True
            self._settle(connection)
            connection.autocommit = False

        @sa.event.listens_for(engine, "begin")
        def begun(connection: sa.Connection) -> None:
            if not connection.get_execution_options().get("durable", True):
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

        @sa.event.listens_for(engine, "before_cursor_execute")
        def asked(_connection: Any, cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
            if context is not None and context.execution_options.get("raw"):
                cursor.format = psycopg.pq.Format.BINARY

        return engine


_ARGUMENTS: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": "recollect",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


class Watch:
    """Tells whether anyone has written, as far as has been heard."""

    def __init__(self, news: News) -> None:
        self._news = news

    def stamp(self) -> int:
        """Return a number that is another one after every write by anyone."""
        return self._news.stamp()

    def close(self) -> None:
        """Do nothing: the news are heard as long as the database is open."""
