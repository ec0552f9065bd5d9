"""A user of PostgreSQL whom policies bind: he owns the tables of one database, and is no superuser."""

from __future__ import annotations

import psycopg
from tests.servers import Postgres, emptied

from recollect.stores.postgres.server import PostgresServer
from recollect.stores.postgres.walls import put_up
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade

BOUND = "bound"


def bound_database(server: Postgres) -> tuple[str, str]:
    """Make a database of the bound user's with the walls up; return its address for the superuser and for him."""
    url = server.database()
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url, autocommit=True) as door:
        if not door.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (BOUND,)).fetchone():
            door.execute(f"CREATE ROLE {BOUND} LOGIN NOSUPERUSER NOBYPASSRLS")
        door.execute(f'ALTER DATABASE "{name}" OWNER TO {BOUND}')
        door.execute(f"ALTER SCHEMA public OWNER TO {BOUND}")
    mine = server.url(str(name), user=BOUND)
    database = Database(PostgresServer(mine))
    upgrade(database)
    put_up(database)
    database.close_now()
    return url, mine


def bound_emptied(urls: tuple[str, str]) -> str:
    """Return the bound user's address of a database whose tables were emptied."""
    emptied(urls[0])
    return urls[1]
