"""Brings a database to the form this release knows; refuses one made by a later release."""

from __future__ import annotations

from importlib.resources import files

import sqlalchemy as sa

from recollect.errors import StoreDamaged
from recollect.stores.sql.database import Database

HEAD = "0006"


def upgrade(database: Database, *, analysis: int = 0) -> None:
    """Create or upgrade the tables in one transaction; do nothing when they are up to date.

    `analysis` is the version of the rules that terms are made by; a new database notes it (`PRAGMA user_version`).
    Several processes may do this at once: the first one works, the others find it done.
    """
    if database.read_now(version) != HEAD:
        database.write_now(lambda connection: _migrate(connection, analysis))


def version(connection: sa.Connection) -> str | None:
    """Return the version a database has, `None` for an empty one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return str(found) if found else None


def _migrate(connection: sa.Connection, analysis: int) -> None:
    # Alembic is imported only when there is something to do: it costs more than all the rest of opening a store.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

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
    if found is None and sa.inspect(connection).get_table_names():
        raise StoreDamaged(
            "The file is a database of something else", hint="Its tables were left as they are. Name another file."
        )
    command.upgrade(config, "head")
    if found is None and connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA user_version = {int(analysis)}")
