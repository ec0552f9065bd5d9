"""Row-level security: which tables have it, how it is put up and taken down, and how a transaction is shut in.

A policy lets a row be seen and changed where its tenant is among those of `recollect.tenants`, or where the session
says `recollect.wall = 'open'`, as every connection of ours does. A transaction that is run for a reach puts the tenants
of that reach there first, and is shut in to its end, whatever its statements forgot. Who says nothing sees nothing.

Policies lie ready since migration 0010 and hold once they are put up. The owner of the tables is bound as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from recollect.errors import ConfigError
from recollect.models import Reach
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.lock import SCHEMA, hold
from recollect.stores.sql.tenants import tenants_in

TABLES = {
    "tenant": "key",
    "conversation": "tenant",
    "memory": "tenant",
    "chunk": "tenant",
    "vector": "tenant",
    "change": "tenant",
    "entity": "tenant",
    "waste": "tenant",
    "box": "tenant",
}
"""The tables behind the wall, each with the column that names the tenant. Others name rows of these by number."""

OPEN = "SELECT set_config('recollect.wall', 'open', false)"

_SHUT = "SELECT set_config('recollect.tenants', %s, true), set_config('recollect.wall', 'reach', true)"

_UP = "SELECT relrowsecurity FROM pg_class WHERE oid = to_regclass('memory')"
_SECURED = (
    "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = current_schema() AND relrowsecurity AND relforcerowsecurity"
)
_PASSES = "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)"
_POLICIES = "SELECT tablename FROM pg_policies WHERE schemaname = current_schema() AND policyname = 'wall'"
_EMBEDDINGS = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename ~ '^embedding_[0-9]+$'"

# No index of terms helps behind a policy: PostgreSQL asks the policy first unless an operator is known to leak nothing,
# which && is not. So the hashes stand in a table of their own, which holds no words.
_TERMS = (
    "CREATE TABLE IF NOT EXISTS chunk_term "
    "(chunk bigint PRIMARY KEY REFERENCES chunk (key) ON DELETE CASCADE, terms bigint[] NOT NULL)",
    """
CREATE OR REPLACE FUNCTION recollect_chunk_terms() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    INSERT INTO chunk_term SELECT key, recollect_terms(tenant, terms) FROM fresh
    ON CONFLICT (chunk) DO UPDATE SET terms = excluded.terms;
    RETURN NULL;
END $body$
""",
    "CREATE OR REPLACE TRIGGER chunk_termed AFTER INSERT ON chunk REFERENCING NEW TABLE AS fresh "
    "FOR EACH STATEMENT EXECUTE FUNCTION recollect_chunk_terms()",
    "CREATE OR REPLACE TRIGGER chunk_retermed AFTER UPDATE ON chunk REFERENCING NEW TABLE AS fresh "
    "FOR EACH STATEMENT EXECUTE FUNCTION recollect_chunk_terms()",
)
_FILL = "INSERT INTO chunk_term SELECT key, recollect_terms(tenant, terms) FROM chunk ON CONFLICT DO NOTHING"
_INDEX = "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_chunk_term_terms ON chunk_term USING gin (terms)"
_GONE = (
    "DROP TRIGGER IF EXISTS chunk_termed ON chunk",
    "DROP TRIGGER IF EXISTS chunk_retermed ON chunk",
    "DROP TABLE IF EXISTS chunk_term",
    "DROP FUNCTION IF EXISTS recollect_chunk_terms()",
)


def policy(table: str, column: str) -> str:
    """Return the statement that makes a table's policy; it holds once the table's row security is enabled."""
    return (
        f"CREATE POLICY wall ON \"{table}\" USING ((SELECT current_setting('recollect.wall', true) = 'open') "
        f"OR \"{column}\" IN (SELECT unnest(string_to_array(nullif(current_setting('recollect.tenants', true), ''), "
        "',')::bigint[])))"
    )


def up(connection: sa.Connection) -> bool:
    """Return whether the walls are up."""
    return is_postgresql(connection) and bool(connection.exec_driver_sql(_UP).scalar())


@dataclass(frozen=True, slots=True)
class Walls:
    """How many tables are behind walls, which ought to be and are not, and the user whom no policy binds, if he is."""

    up: int
    open: tuple[str, ...]
    passing: str


def walls(connection: sa.Connection) -> Walls:
    """Return how it stands with the walls of a PostgreSQL store."""
    secured = set(connection.exec_driver_sql(_SECURED).scalars())
    ours = {*TABLES, *connection.exec_driver_sql(_EMBEDDINGS).scalars()}
    passing = connection.exec_driver_sql(_PASSES).scalar()
    return Walls(len(ours & secured), tuple(sorted(ours - secured)), str(passing or ""))


def shut_in(connection: sa.Connection, reaches: Sequence[Reach]) -> None:
    """Let the rest of a transaction see and change only what all of these reaches cover."""
    keys = tenants_in(connection, *reaches)
    connection.exec_driver_sql(_SHUT, (",".join(map(str, keys)),))


def put_up(database: Database) -> None:
    """Put the walls up, unless they are; raise ConfigError where the user of the store would pass through them."""
    if database.read_now(_ready):
        return
    database.write_now(_make_terms)
    database.write_now(_fill_terms)
    database.outside_now(_INDEX)
    database.write_now(lambda connection: _switch(connection, "ENABLE", "FORCE"))


def take_down(database: Database) -> None:
    """Take the walls down, where they are up."""

    def work(connection: sa.Connection) -> None:
        if up(connection):
            _switch(connection, "DISABLE", "NO FORCE")
            for statement in _GONE:
                connection.exec_driver_sql(statement)

    if database.read_now(up):
        database.write_now(work)


def wall_off(connection: sa.Connection, table: str) -> None:
    """Put a new table of embeddings behind the wall, where that is up."""
    if up(connection):
        connection.exec_driver_sql(policy(table, "tenant"))
        connection.exec_driver_sql(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY')


def _ready(connection: sa.Connection) -> bool:
    passing = connection.exec_driver_sql(_PASSES).scalar()
    if passing is not None:
        raise ConfigError(
            f"store.row_security holds nothing back from the user {passing}, whom no policy binds",
            hint="Name a user in store.url that owns the tables and is neither superuser nor has BYPASSRLS.",
        )
    return up(connection)


def _make_terms(connection: sa.Connection) -> None:
    hold(connection, SCHEMA, [0])
    for statement in _TERMS:
        connection.exec_driver_sql(statement)


def _fill_terms(connection: sa.Connection) -> None:
    hold(connection, SCHEMA, [0])
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql(_FILL)


def _switch(connection: sa.Connection, enable: str, force: str) -> None:
    hold(connection, SCHEMA, [0])
    there = set(connection.exec_driver_sql(_POLICIES).scalars())
    embeddings = list(connection.exec_driver_sql(_EMBEDDINGS).scalars())
    for table in embeddings:
        if table not in there:
            connection.exec_driver_sql(policy(table, "tenant"))
    for table in (*TABLES, *embeddings):
        connection.exec_driver_sql(f'ALTER TABLE "{table}" {enable} ROW LEVEL SECURITY, {force} ROW LEVEL SECURITY')
