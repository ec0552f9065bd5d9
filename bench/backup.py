"""What backups cost: a full one, one after 1% has changed, a trial and a restore; seconds, bytes, and peak memory.

`python -m bench.backup --size 1000000` over a file, with `--postgres` over a PostgreSQL of its own too. Each step runs
in a process of its own, so that its peak is its own; `--home` keeps the store that was filled, and uses it again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.servers import debian, postgres

from bench.figure import resident, tell, told
from bench.postgres import filled
from recollect import AsyncMemory
from recollect.app.tables import tables_of
from recollect.ops.backup.repository import Repository, open_repository
from recollect.ops.backup.restore import bring_back
from recollect.ops.backup.trial import try_out
from recollect.ops.backup.write import back_up
from recollect.settings import Settings, load
from recollect.stores.objects.named import place_of
from recollect.testing.embedder import FakeEmbedder

STEPS = ("fill", "full", "again", "change", "incremental", "test", "restore")
PASSPHRASE = "correct horse battery staple"
OPTIONS = ("-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB")


def silent(done: int, total: int | None, note: str = "") -> None:
    """Take no notice of progress."""


def chosen(home: Path, url: str | None, schema: str = "recollect") -> Settings:
    """Return the settings of a store in a folder, or in a database."""
    store = {} if url is None else {"url": url, "schema_name": schema}
    return load(home, {"store": store, "embedder": {"provider": "none"}}, {}).settings


def weight(folder: Path) -> float:
    """Return the megabytes of a folder's files."""
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1)


async def step(name: str, folder: Path, url: str | None, size: int) -> dict[str, Any]:
    """Do one step in this process and return its figures."""
    settings = chosen(folder / "home", url)
    before = resident()["now"]
    began = time.perf_counter()
    found = await _done(name, settings, folder, size)
    seconds = time.perf_counter() - began
    rate = {"MB/s": round(found["MB"] / seconds, 1)} if "MB" in found else {}
    return {"seconds": round(seconds, 1), **found, **rate, "before_MB": before, "peak_MB": resident()["peak"]}


async def _done(name: str, settings: Settings, folder: Path, size: int) -> dict[str, Any]:
    if name in ("test", "restore"):
        return await _read(name, settings, folder)
    async with AsyncMemory(settings=settings, embed=FakeEmbedder(dimension=384), worker=False) as memory:
        if name == "fill":
            await filled(memory, size)
            return {"store_MB": weight(settings.home)}
        if name == "change":
            return await _changed(memory, size // 100)
        made = await back_up(memory.app, tables_of(memory.app), _repository(folder), silent)
        found = {"memories": made.memories, "rows": made.rows, "MB": round(made.bytes / 1e6, 1)}
        return {**found, "new_MB": round(made.new_bytes / 1e6, 1), "backups_MB": weight(folder / "backups")}


async def _changed(memory: AsyncMemory, count: int) -> dict[str, Any]:
    """Half as many memories again as are changed are new, the others are edits scattered over the store."""
    for place in range(0, count // 2, 500):
        turns = [{"role": "user", "content": f"Something new, number {place + at}"} for at in range(500)]
        await memory.capture(turns, conversation_id=f"new{place}")
    ids = (await memory.list(limit=1000)).memories
    for item in ids[:: max(1, len(ids) // max(1, min(count // 2, 1000)))]:
        await memory.update(item.id, importance=0.9)
    return {}


async def _read(name: str, settings: Settings, folder: Path) -> dict[str, Any]:
    repository = _repository(folder)
    latest = repository.snapshot()
    if name == "test":
        tried = await try_out(repository, latest, settings, silent)
        return {"rows": tried.rows, "differing": list(tried.differing)}
    url = settings.store.url
    target = chosen(folder / "again", None if url is None else url.get_secret_value(), "again")
    restored = await bring_back(repository, latest, target, silent)
    return {"rows": restored.rows, "MB": weight(folder / "again")} if url is None else {"rows": restored.rows}


def _repository(folder: Path) -> Repository:
    return open_repository(place_of(str(folder / "backups")), PASSPHRASE, create=True)


def measured(folder: Path, url: str | None, size: int) -> dict[str, Any]:
    """Run every step, each in a process of its own."""
    found: dict[str, Any] = {}
    for name in STEPS:
        if name == "fill" and (folder / "home").exists():
            continue
        command = [sys.executable, "-m", "bench.backup", "--step", name, "--home", str(folder), "--size", str(size)]
        done = subprocess.run(
            [*command, *([] if url is None else ["--url", url])], stdout=subprocess.PIPE, text=True, check=True
        )
        found[name] = told(done.stdout)
        print(f"{name:12} {json.dumps(found[name])}", flush=True)
    return found


def main() -> None:
    """Measure, and print every step as it is done."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--size", type=int, default=50_000, help="memories")
    asked.add_argument("--postgres", action="store_true", help="over a PostgreSQL of its own too")
    asked.add_argument("--home", type=Path, help="a folder to work in, kept")
    asked.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    asked.add_argument("--url", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.step:
        tell(asyncio.run(step(given.step, given.home, given.url, given.size)))
        return
    with ExitStack() as held:
        folder = given.home or Path(held.enter_context(tempfile.TemporaryDirectory()))
        found = {"file": measured(folder / "file", None, given.size)}
        if given.postgres:
            server = held.enter_context(postgres(debian(), OPTIONS))
            found["postgres"] = measured(folder / "server", server.database(), given.size)
        tell({"size": given.size, **found})


if __name__ == "__main__":
    main()
