"""What wears PostgreSQL out: a change log of ten million entries, in one table and in parts, and a queue that was used.

`python -m bench.churn log --rows 10000000` and `python -m bench.churn queue --jobs 1000000`, over a server of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import psycopg
from tests.servers import debian, postgres

from bench.figure import percentiles, tell
from recollect.models import Task
from recollect.stores.postgres.server import PostgresServer
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.queue import SqlQueue
from recollect.testing.clock import FakeClock

OPTIONS = ("-c", "shared_buffers=1GB", "-c", "max_wal_size=8GB", "-c", "maintenance_work_mem=256MB")
PART, TENANTS, BATCH = 1_000_000, 1000, 100

FORM = "(seq bigint, at bigint, verb text, memory_id text, memory bigint, tenant bigint, version int, before json)"
FILL = f"""
INSERT INTO {{}} SELECT seq, 1760000000000000 + seq, 'add', md5(seq::text), seq, seq * 7919 % {TENANTS}, 1, NULL
FROM generate_series({{}}::bigint, {{}}::bigint) AS seq
"""
ASKED = {
    "after": "SELECT * FROM {} WHERE seq > {last} - 1000 ORDER BY seq LIMIT 1000",
    "tenant": "SELECT seq, memory FROM {} WHERE tenant = {one} AND seq > {last} - 20000",
    "newest": "SELECT max(seq) FROM {} WHERE tenant = {one}",
    "history": "SELECT * FROM {} WHERE memory_id = md5('{middle}') ORDER BY seq",
}


def clocked(work: Callable[[], object]) -> float:
    """Return the milliseconds something takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def log(door: psycopg.Connection[Any], name: str, rows: int, *, parts: bool) -> dict[str, Any]:
    """Fill a log and return what it costs to read, to append to, and to clean after scattered deletes."""
    door.execute(f"CREATE TABLE {name} {FORM} {'PARTITION BY RANGE (seq)' if parts else ''}")
    for start in range(0, rows + PART, PART) if parts else ():
        span = f"FROM ({start}) TO ({start + PART})"
        door.execute(f"CREATE TABLE {name}_{start} PARTITION OF {name} FOR VALUES {span}")
    door.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (seq)")
    for column in ("(memory_id)", "(tenant, seq)"):
        door.execute(f"CREATE INDEX ON {name} {column}")
    filling = clocked(
        lambda: [door.execute(FILL.format(name, at + 1, min(at + PART, rows))) for at in range(0, rows, PART)]
    )
    door.execute(f"VACUUM ANALYZE {name}")
    values = {"last": rows, "one": 17, "middle": rows // 2}
    found: dict[str, Any] = {"fill": filling}
    for what, statement in ASKED.items():
        query = statement.format(name, **values)
        found[what] = percentiles([clocked(partial(_asked, door, query)) for _ in range(50)])
    more = [FILL.format(name, rows + at, rows + at + 99) for at in range(1, 5000, 100)]
    found["append"] = percentiles([clocked(partial(door.execute, one)) for one in more])
    found["delete"] = clocked(lambda: door.execute(f"DELETE FROM {name} WHERE seq % 100 = 0"))
    found["vacuum"] = clocked(lambda: door.execute(f"VACUUM {name}"))
    return found


def _asked(door: psycopg.Connection[Any], query: str) -> None:
    door.execute(query).fetchall()


async def queue(url: str, jobs: int, settings: str) -> dict[str, Any]:
    """Push, claim and finish jobs, a hundred at a time; return what a claim took at the beginning and at the end."""
    database = Database(PostgresServer(url))
    try:
        upgrade(database)
        if settings:
            await database.outside(f"ALTER TABLE job SET ({settings})")
        worked = SqlQueue(database, FakeClock())
        claims: list[float] = []
        tasks = [Task("embed", {"conversations": [["u", "p", str(at)]]}) for at in range(BATCH)]
        await worked.push(tasks * 10)  # some always wait
        for _ in range(0, jobs, BATCH):
            await worked.push(tasks)
            started = time.perf_counter()
            claimed = await worked.claim("w", limit=BATCH, lease=60)
            claims.append((time.perf_counter() - started) * 1000)
            await worked.finish([one.id for one in claimed])
        size = await database.outside("SELECT pg_total_relation_size('job')")
        return {
            "first": percentiles(claims[: len(claims) // 10]),
            "last": percentiles(claims[-(len(claims) // 10) :]),
            "bytes": size[0][0],
        }
    finally:
        await database.close()


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["log", "queue"])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--settings", default="", help="storage parameters of the table of jobs, as ALTER TABLE SET")
    given = parser.parse_args()
    with ExitStack() as stack:
        server = stack.enter_context(postgres(debian(), OPTIONS))
        if given.what == "queue":
            tell(asyncio.run(queue(server.database(), given.jobs, given.settings)))
            return
        door = stack.enter_context(psycopg.connect(server.database(), autocommit=True))
        tell({name: log(door, name, given.rows, parts=name == "parts") for name in ("whole", "parts")})


if __name__ == "__main__":
    main()
