"""Brings a database to the form this release knows; refuses one made by a later release.

Where servers of the release before go on meanwhile, a migration must neither take away what they use nor keep them
waiting: it makes no index over memories that are there already, and waits for a lock no longer than a search may be
kept waiting behind it. What it did not get then it asks for again.
"""

from __future__ import annotations

import random
import threading
import time
from importlib.resources import files

import sqlalchemy as sa

from recollect.errors import StoreBusy, StoreDamaged
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.lock import SCHEMA, hold
from recollect.stores.sql.schema import metadata

HEAD = "0013"

LOCK_SECONDS = 0.5
"""Longest wait of a migration for a lock: so long others wait behind it.

It is less than the second after which PostgreSQL looks for deadlocks, so that the migration gives way, not a writer.
"""

TRIES = 60

_ONE = threading.Lock()
"""Alembic keeps what it is doing in variables of its modules."""


def upgrade(database: Database, *, analysis: int = 0, to: str = HEAD) -> None:
    """Create or upgrade the tables in one transaction; do nothing when they are up to date.

    `analysis` is the version of the rules that terms are made by; a new database notes it. Several processes may do
    this at once: the first one works, the others find it done. Servers of the release before go on meanwhile. `to`
    names an earlier form, for rows that were kept in it.
    """
    database.prepare_now()
    for attempt in range(1, TRIES + 1):
        if database.read_now(version) == to:
            return
        try:
            with _ONE:
                database.write_now(lambda connection: _migrate(connection, analysis, to))
        except StoreBusy:  # somebody holds what is to be changed; by now nobody waits behind us
            if attempt == TRIES or not database.is_shared:
                raise
            time.sleep(random.uniform(0.2, 0.6))  # noqa: S311 - so that whoever waited gets his turn


def version(connection: sa.Connection) -> str | None:
    """Return the version a database has, `None` for an empty one."""
    if not sa.inspect(connection).has_table("alembic_version", schema=_schema(connection)):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return str(found) if found else None


def _schema(connection: sa.Connection) -> str | None:
    """Return the schema that our tables are in; `None` in SQLite, which has one."""
    if not is_postgresql(connection):
        return None
    return str(connection.exec_driver_sql("SELECT current_schema()").scalar_one())


def analysis_of(connection: sa.Connection) -> int:
    """Return the version of the rules that the terms in the database were made by."""
    asked = (
        "SELECT value FROM store_note WHERE name = 'analysis'" if is_postgresql(connection) else "PRAGMA user_version"
    )
    return int(connection.exec_driver_sql(asked).scalar() or 0)


def note_analysis(connection: sa.Connection, analysis: int) -> None:
    """Note the version of the rules that terms are made by."""
    if is_postgresql(connection):
        connection.exec_driver_sql(f"UPDATE store_note SET value = {int(analysis)} WHERE name = 'analysis'")  # noqa: S608
    else:
        connection.exec_driver_sql(f"PRAGMA user_version = {int(analysis)}")


def _migrate(connection: sa.Connection, analysis: int, to: str) -> None:
    # Alembic is imported only when there is something to do: it costs more than all the rest of opening a store.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    if is_postgresql(connection):
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql(f'SET LOCAL search_path = "{_schema(connection)}"')  # nobody else's tables are seen
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        hold(connection, SCHEMA, [0])  # nobody waits behind this one but who would migrate too
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{int(LOCK_SECONDS * 1000)}ms'")
    config = Config()
    config.set_main_option("script_location", str(files("recollect.stores.sql") / "migrations"))
    config.attributes["connection"] = connection
    found = version(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreDamaged(
            f"The store was made by a later release of recollect (schema {found})",
            hint="Upgrade recollect, or name another data directory; the store was left untouched.",
        )
    if found is None and sa.inspect(connection).get_table_names(schema=_schema(connection)):
        raise StoreDamaged(
            "This is a database of something else",
            hint="Its tables were left as they are. Name another file, database or schema.",
        )
    _take_all(connection)
    command.upgrade(config, to)
    if is_postgresql(connection):
        _by_code_point(connection)
    if found is None:
        note_analysis(connection, analysis)


def _take_all(connection: sa.Connection) -> None:
    """Lock our tables in the order in which writers use them; taken as they are changed, none would ever be let go."""
    if is_postgresql(connection):
        there = set(sa.inspect(connection).get_table_names(schema=_schema(connection)))
        names = sorted((name for name in metadata.tables if name in there), key="job".__eq__)
        if names:
            connection.exec_driver_sql(f"LOCK TABLE {', '.join(map(_quoted, names))}")


def _quoted(name: str) -> str:
    return f'"{name}"'


def _by_code_point(connection: sa.Connection) -> None:
    """Have every text compared by code point, whatever the locale of the database: keys and cursors rely on it."""
    found: dict[str, list[str]] = {}
    for table, column in connection.exec_driver_sql(_COLLATED):
        if table in metadata.tables:
            found.setdefault(table, []).append(f'ALTER COLUMN "{column}" TYPE text COLLATE "C"')
    for table, columns in found.items():
        connection.exec_driver_sql(f'ALTER TABLE "{table}" {", ".join(columns)}')


_COLLATED = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
"""
