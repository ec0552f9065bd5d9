"""How many memories a second one to four `recollect worker` processes complete over one PostgreSQL.

`python -m bench.many --memories 2000` starts a PostgreSQL of its own, or uses a fresh schema in the one named with
`--url`. Each number of workers gets the same memories and an empty store; a run is over when no job is left.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
from tests.servers import debian, postgres

from bench.figure import tell
from bench.synthetic.texts import Writer
from recollect import AsyncMemory

COMMAND = [sys.executable, "-P", "-c", "from recollect.cli.main import main; main()", "worker"]
BATCH, LOOK = 20, 0.02
UP = "works off jobs"


async def filled(settings: dict[str, Any], home: Path, memories: int) -> int:
    """Write conversations of several users without doing their jobs; return how many jobs wait."""
    writer = Writer("en", memories)
    async with AsyncMemory(home, settings=settings, worker=False) as opened:
        for place in range(0, memories, BATCH):
            turns = [{"role": "user", "content": writer.said(), "message_id": f"m{place + n}"} for n in range(BATCH)]
            await opened.capture(turns, conversation_id=f"c{place}", user_id=f"u{place // BATCH % 8}")
        return await opened.app.engine.stores.queue.waiting()


def emptied(url: str, schema: str) -> float:
    """Return the seconds until no job is left."""
    with psycopg.connect(url, autocommit=True) as connection:
        begun = time.perf_counter()
        while connection.execute(f'SELECT 1 FROM "{schema}".job LIMIT 1'.encode()).fetchone():
            time.sleep(LOOK)
        return time.perf_counter() - begun


def started(home: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start a worker that stands still as soon as it is up, so that all begin at once."""
    command = [*COMMAND, "--home", str(home), "--quiet"]
    worker = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    while worker.stderr is not None and UP not in worker.stderr.readline():
        pass
    return worker


def measured(url: str, folder: Path, memories: int, workers: int) -> dict[str, Any]:
    """Fill an empty store, let so many workers do what is left, and return how long that took."""
    schema = f"many{workers}"
    store = {"url": url, "schema_name": schema}
    settings = {"store": store, "embedder": {"threads": 1}}
    names = {"STORE__URL": url, "STORE__SCHEMA_NAME": schema, "EMBEDDER__THREADS": "1", "WORKER__POLL": "0.05"}
    environment = {**os.environ, **{f"RECOLLECT_{name}": value for name, value in names.items()}}
    running = [started(folder / f"{schema}-{number}", environment) for number in range(workers)]
    try:
        for one in running:
            one.send_signal(signal.SIGSTOP)
        jobs = asyncio.run(filled(settings, folder / schema, memories))
        for one in running:
            one.send_signal(signal.SIGCONT)
        seconds = emptied(url, schema)
    finally:
        for one in running:
            one.kill()
            one.wait()
            if one.stderr is not None:
                one.stderr.close()
    return {"workers": workers, "jobs": jobs, "seconds": round(seconds, 2), "per_second": round(memories / seconds, 1)}


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--memories", type=int, default=2000)
    parser.add_argument("--most", type=int, default=4)
    parser.add_argument("--url")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = given.url or stack.enter_context(postgres(debian(), ("-c", "shared_buffers=256MB"))).database()
        found = [measured(url, folder, given.memories, workers) for workers in range(1, given.most + 1)]
    tell({"memories": given.memories, "cores": os.cpu_count(), "load": os.getloadavg()[0], "runs": found})


if __name__ == "__main__":
    main()
