"""What follows the graph beside a store hears of what was written while another store had taken its place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.servers import Postgres

from recollect.stores.neo4j.outbox import due, ensure, outbox
from recollect.stores.postgres.server import PostgresServer
from recollect.stores.sql.copying.pair import Pair
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.schema import entity, job, tenant


def opened(place: Path | str) -> Database:
    database = Database(place if isinstance(place, Path) else PostgresServer(place))
    upgrade(database)
    return database


def add(database: Database, name: str) -> int:
    def work(connection: sa.Connection) -> int:
        key = connection.execute(sa.select(tenant.c.key)).scalar()
        if key is None:
            connection.execute(sa.insert(tenant).values(user_id="u", project_id="p"))
            key = connection.execute(sa.select(tenant.c.key)).scalar_one()
        connection.execute(sa.insert(entity).values(tenant=key, name=name, folded=name, type="animal"))
        return int(connection.execute(sa.select(entity.c.key).where(entity.c.name == name)).scalar_one())

    return database.write_now(work)


def forget(connection: sa.Connection, seqs: Sequence[int]) -> None:
    connection.execute(sa.delete(outbox).where(outbox.c.seq.in_(seqs)))


def told(database: Database) -> set[int]:
    """Tell nobody what is due, and have it be done with; return which entities that were."""
    seen: set[int] = set()
    while found := database.read_now(due):
        seen |= {node.key for node in found.entities} | set(found.gone_entities)
        database.write_now(partial(forget, seqs=found.seqs))
    database.write_now(lambda connection: connection.execute(sa.delete(job)))
    return seen


@pytest.mark.parametrize("way", ["sqlite", "postgresql"])
def test_the_graph_hears_of_what_was_written_elsewhere(
    way: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: Postgres | None = request.getfixturevalue("postgres_server") if way == "postgresql" else None
    here = opened(tmp_path / "here.db")
    there = opened(tmp_path / "there.db" if server is None else server.database())
    here.write_now(ensure)
    first = add(here, "zebra")
    assert told(here) == {first}
    pair = Pair(here, there, "here", "there", batch=10)
    pair.copy(pair.begin(), lambda *_: None)
    pair.change_over(lambda: None)
    there.write_now(ensure)
    assert told(there) == {first}, "the new store's own graph is filled from it"
    second = add(there, "lion")
    there.write_now(lambda connection: connection.execute(sa.delete(entity).where(entity.c.key == first)))
    back = Pair(there, here, "there", "here", batch=10)
    back.copy(back.begin(), lambda *_: None)
    back.change_over(lambda: None)
    jobs = here.read_now(lambda connection: connection.execute(sa.select(job.c.name)).scalars().all())
    assert "graph" in jobs, "somebody is to see to it"
    assert told(here) == {first, second}
    for database in (here, there):
        database.close_now()
