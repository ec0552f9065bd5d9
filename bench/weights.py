"""Fits the weights of the ranking leaving each space out in turn, and tells what the shipped ones and the fitted give.

`python -m bench.weights FILE...`: one line a space, judged by weights that were fitted without it. The features are the
package's own, taken from real searches; the fit is a listwise logistic model: the evidence should stand above all else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from bench.quality import load
from recollect import AsyncMemory
from recollect.models import Kind
from recollect.retrieve import search
from recollect.retrieve.fuse import Weights, fuse
from recollect.retrieve.signal import Asked, Signals
from recollect.stores.sql.schema import memory as table

NAMES = tuple(one.name for one in fields(Weights))
SHIPPED = np.array([getattr(Weights(), name) for name in NAMES])
TOP = 10
KEPT = ("newest", "recent")
"""Weights that are not fitted: every question here is asked long after everything was said."""
START = np.array([getattr(Weights(), name) if name in KEPT else 0.5 * (name in {"words", "meaning"}) for name in NAMES])
FREE = np.array([name not in KEPT for name in NAMES])
STEPS, RATE = 200, 0.05
_SUMMARY = tuple(Kind).index(Kind.SUMMARY)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    """One question's candidates: a row of features each, the turn each stands for, and which turns are evidence."""

    space: str
    features: NDArray[np.float32]
    shown: NDArray[np.int64]
    evidence: frozenset[int]
    wanted: int

    def recall(self, weights: Floats) -> float:
        """Return the share of the evidence among the ten best turns."""
        found: dict[int, None] = {}
        for row in np.argsort(-(self.features @ weights), kind="stable"):
            found[int(self.shown[row])] = None
            if len(found) == TOP:
                break
        return len(self.evidence & found.keys()) / self.wanted


def features_of(signals: Signals, asked: Asked) -> NDArray[np.float32]:
    """Return the features that the weights multiply, a column for each weight."""
    nothing = dict.fromkeys(NAMES, 0.0)
    columns = []
    for name in NAMES:
        scores, _ = fuse(signals, asked, Weights(**{**nothing, name: 1.0}))
        columns.append(scores)
    return np.stack(columns, axis=1)


async def questions_of(file: Path) -> list[Question]:
    """Ask every question of a file and return what its ranking was made from."""
    spaces = json.loads(file.read_text(encoding="utf-8"))
    seen: list[tuple[Signals, Asked]] = []

    def watched(signals: Signals, asked: Asked, weights: Weights) -> Any:
        seen.append((signals, asked))
        return fuse(signals, asked, weights)

    made = []
    search.fuse = watched  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as home:
        async with AsyncMemory(home) as store:
            await load(store, spaces)
            for space in spaces:
                stands, names = _stands_for(store, space["name"])
                for question in space["questions"]:
                    if not question["evidence"]:
                        continue
                    seen.clear()
                    moment = question.get("asked_at") or None
                    await store.search(question["question"], user_id=space["name"], asked_at=moment)
                    made.append(_question(f"{file.stem} {space['name']}", seen[0], stands, names, question["evidence"]))
    return made


def _question(
    space: str, seen: tuple[Signals, Asked], stands: dict[int, int], names: dict[str, int], evidence: Sequence[str]
) -> Question:
    signals, asked = seen
    rows = np.flatnonzero(signals.traits.allowed & (signals.traits.kinds != _SUMMARY))
    keys = [int(key) for key in signals.traits.keys[rows]]
    shown = np.array([stands.get(key, key) for key in keys], np.int64)
    wanted = frozenset(names[name] for name in evidence if name in names)
    return Question(space, features_of(signals, asked)[rows], shown, wanted, len(evidence))


def _stands_for(store: AsyncMemory, user: str) -> tuple[dict[int, int], dict[str, int]]:
    """Return the turn that each fact is shown as, and the key of each turn by its message."""

    def work(connection: sa.Connection) -> tuple[dict[int, int], dict[str, int]]:
        columns = (table.c.key, table.c.id, table.c.kind, table.c.sources, table.c.message_id)
        owner = sa.text("tenant IN (SELECT key FROM tenant WHERE user_id = :user)").bindparams(user=user)
        rows = connection.execute(sa.select(*columns).where(owner)).all()
        keys = {row.id: row.key for row in rows}
        facts = {row.key: keys[row.sources[-1]] for row in rows if row.kind == Kind.FACT.value and row.sources}
        return facts, {row.message_id: row.key for row in rows if row.kind == Kind.TURN.value}

    return store.app.database.read_now(work)


def fitted(questions: Sequence[Question]) -> Floats:
    """Return the weights under which the evidence is likeliest, each space counting as much as any other."""
    counts: dict[str, int] = {}
    for one in questions:
        counts[one.space] = counts.get(one.space, 0) + 1
    lists = list(_lists(questions, counts))
    weights = START.copy()
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        slope = np.zeros_like(weights)
        for rows, target, share in lists:
            scores = rows @ weights
            likely = np.exp(scores - scores.max())
            likely /= likely.sum()
            slope += share * (rows.T @ (likely - target))
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        weights -= FREE * RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-9)
    return weights


def _lists(questions: Sequence[Question], counts: dict[str, int]) -> Iterator[tuple[Floats, Floats, float]]:
    for one in questions:
        hit = np.isin(one.shown, list(one.evidence))
        if hit.any():
            yield one.features.astype(np.float64), hit / hit.sum(), 1 / counts[one.space]


def mean(questions: Sequence[Question], weights: Floats) -> float:
    """Return recall@10 in percent."""
    return 100 * float(np.mean([one.recall(weights) for one in questions]))


def main() -> None:
    """Print one line a space, the mean of each file, and the weights fitted on everything."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", type=Path, nargs="+")
    given = parser.parse_args()
    questions = [one for file in given.files for one in asyncio.run(questions_of(file))]
    left_out: dict[str, list[tuple[int, float, float]]] = {}
    print(f"{'space':40} {'n':>5} {'shipped':>8} {'fitted without it':>18}")
    for space in dict.fromkeys(one.space for one in questions):
        own = [one for one in questions if one.space == space]
        weights = fitted([one for one in questions if one.space != space])
        row = (len(own), mean(own, SHIPPED), mean(own, weights))
        left_out.setdefault(space.split()[0], []).append(row)
        print(f"{space:40.40} {row[0]:5} {row[1]:8.2f} {row[2]:18.2f}", flush=True)
    for name, rows in left_out.items():
        count = sum(row[0] for row in rows)
        print(f"{name:40} {count:5} " + " ".join(f"{sum(r[0] * r[at] for r in rows) / count:8.2f}" for at in (1, 2)))
    everything = fitted(questions)
    print(json.dumps({name: round(float(value), 2) for name, value in zip(NAMES, everything, strict=True)}))
    print("shipped", json.dumps(asdict(Weights())))


if __name__ == "__main__":
    main()
