"""Fills stores for the latency measurements: texts go through capture, vectors are random instead of embedded.

Exact search costs the same whatever the vectors are, and embedding a million texts would take an hour.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from bench.figure import tell
from bench.synthetic.texts import Writer
from recollect import AsyncMemory
from recollect.stores.sql.schema import chunk, job, memory

BATCH = 1000
DIMENSION = 384
QUESTIONS = 400
KEPT = 10_000
"""Texts that are kept beside a store, so that peers can be filled with the same ones."""
START = datetime(2023, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Form:
    """A store to be filled: `scopes` users with `each` memories; one user is `default`.

    With `projects`, the scopes are projects of the user `default` instead.
    """

    name: str
    scopes: int
    each: int
    language: str = "en"
    projects: bool = False


def form(name: str) -> Form:
    """Return the store a name means: `10000`, `zh-100000`, `1000x1000` (users, memories each), `projects-50x2000`."""
    if name.startswith("zh-"):
        return Form(name, 1, int(name[3:]), "zh")
    scopes, _, each = name.removeprefix("projects-").rpartition("x")
    return Form(name, int(scopes or 1), int(each), projects=name.startswith("projects-"))


def user(wanted: Form, scope: int) -> str | None:
    """Return who owns a scope of such a store; None is the default user."""
    return f"user-{scope}" if wanted.scopes > 1 and not wanted.projects else None


def project(wanted: Form, scope: int) -> str | None:
    """Return which project a scope of such a store is; None is the default one."""
    return f"project-{scope}" if wanted.projects else None


def fill(name: str, folder: Path) -> dict[str, Any]:
    """Fill the store `name` in `folder` unless it is there; return its figures."""
    home, done = folder / name, folder / name / "filled.json"
    if done.exists():
        found: dict[str, Any] = json.loads(done.read_text(encoding="utf-8"))
        return found
    shutil.rmtree(home, ignore_errors=True)
    figures = asyncio.run(_fill(form(name), home))
    done.write_text(json.dumps(figures), encoding="utf-8")
    return figures


async def _fill(wanted: Form, home: Path) -> dict[str, Any]:
    writer, numbers = Writer(wanted.language, wanted.scopes * wanted.each), np.random.default_rng(1)
    started, signs, last = time.perf_counter(), 0, 0
    kept: list[str] = []
    questions: list[tuple[str | None, str]] = []
    total = wanted.scopes * wanted.each
    async with AsyncMemory(home, worker=False) as opened:
        for place in range(0, total, BATCH):
            owner, where = user(wanted, place // wanted.each), project(wanted, place // wanted.each)
            texts = [writer.said() for _ in range(min(BATCH, total - place))]
            signs += sum(map(len, texts))
            kept += texts[: max(0, KEPT - len(kept))]
            questions += [(owner, writer.question(texts)) for _ in range(-(-QUESTIONS * len(texts) // total))]
            turns = [
                {
                    "role": "user" if number % 2 else "assistant",
                    "content": text,
                    "speaker": writer.speaker(),
                    "occurred_at": START + timedelta(minutes=place + number),
                    "message_id": f"m{place + number}",
                }
                for number, text in enumerate(texts)
            ]
            await opened.capture(turns, conversation_id=f"c{place // BATCH}", user_id=owner, project_id=where)
            last = await _vectors(opened, numbers, last)
        await opened.app.database.write(lambda connection: connection.execute(sa.delete(job)))
        await opened.app.database.outside("PRAGMA wal_checkpoint(TRUNCATE)")
    seconds = time.perf_counter() - started
    (home / "texts.json").write_text(json.dumps(kept), encoding="utf-8")
    (home / "questions.json").write_text(json.dumps(questions), encoding="utf-8")
    size = sum(path.stat().st_size for path in home.glob("recollect.db*"))
    return {"memories": total, "seconds": seconds, "disk": size / total, "characters": signs / total}


async def _vectors(opened: AsyncMemory, numbers: np.random.Generator, last: int) -> int:
    """Give random vectors of length one to the chunks after `last`; return the last chunk."""
    query = sa.select(chunk.c.key).join(memory, chunk.c.memory == memory.c.key)
    query = query.where(chunk.c.key > last, chunk.c.position == 0, memory.c.dense).order_by(chunk.c.key)
    keys = await opened.app.database.read(lambda connection: list(connection.execute(query).scalars()))
    if not keys:
        return last
    vectors = numbers.standard_normal((len(keys), DIMENSION), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    model = opened.app.engine.embed.model
    rows = {key: row.tobytes() for key, row in zip(keys, vectors, strict=True)}
    await opened.app.engine.stores.vectors.put(model, rows)
    return int(keys[-1])


def main() -> None:
    """Fill the stores that are named, the largest first, as many at a time as there are cores."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="+")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    names = sorted(asked.names, key=lambda name: -form(name).scopes * form(name).each)
    with ProcessPoolExecutor() as pool:
        made = list(pool.map(fill, names, [asked.folder] * len(names)))
    tell(dict(zip(names, made, strict=True)))


if __name__ == "__main__":
    main()
