"""Measures one store in this process, and tells the figures to whoever started it."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.servers import Postgres, bundled, postgres

from bench.figure import tell
from bench.scale.disk import backup, by_formula, in_redis, of_engine, of_file, of_server
from bench.scale.stages import run
from recollect import AsyncMemory

OPTIONS = ("-c", "shared_buffers=512MB", "-c", "max_wal_size=2GB", "-c", "max_connections=200")
_TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(server: Postgres) -> float:
    """Return the seconds that all processes of a PostgreSQL have worked, those that ended among them."""
    root = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    return sum(seconds_of(process, ended=process == str(root)) for process in (str(root), *children))


def seconds_of(process: str, *, ended: bool) -> float:
    """Return the seconds that a process has worked, with `ended` those of its children that ended too."""
    try:
        found = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, found[11 : 15 if ended else 13])) / _TICKS


async def file(memories: int) -> dict[str, Any]:
    """Measure the embedded store."""
    with tempfile.TemporaryDirectory() as home:
        found = await run(Path(home), {}, memories, lambda: 0.0)
        async with AsyncMemory(home, worker=False) as opened:
            await opened.app.database.outside("PRAGMA wal_checkpoint(TRUNCATE)")
        path = Path(home) / "recollect.db"
        return {**found, "tables": of_file(path), "bytes": path.stat().st_size, "backup": await backup(Path(home), {})}


async def server(memories: int) -> dict[str, Any]:
    """Measure PostgreSQL with pgvector, a server of its own."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running = stack.enter_context(postgres(bundled(), OPTIONS))
        store = {"url": running.database()}
        found = await run(home, store, memories, lambda: processor_seconds(running))
        tables = of_server(store["url"], "recollect")
        return {**found, "tables": tables, "backup": await backup(home, store)}


async def beside(memories: int) -> dict[str, Any]:
    """Measure what stands beside the records."""
    return {"qdrant": by_formula(), "edge": await of_engine(memories), "redis": await in_redis()}


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("file", "server", "beside"))
    parser.add_argument("--memories", type=int, default=20_000)
    given = parser.parse_args()
    chosen = {"file": file, "server": server, "beside": beside}[given.what]
    tell(asyncio.run(chosen(given.memories)))


if __name__ == "__main__":
    main()
