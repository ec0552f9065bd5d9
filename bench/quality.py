"""Retrieval quality on the evaluation format: recall@k and MRR over whole runs through the library."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from recollect import AsyncMemory
from recollect.models import Hit
from recollect.retrieve.fuse import Weights

KS = (5, 10, 20)
FLOAT = "embedder in float32"

PARTS: dict[str, Mapping[str, float]] = {
    "words": {"words": 0.0},
    "meaning": {"meaning": 0.0},
    "answers": {"answers": 0.0},
    "next": {"next": 0.0},
    "conversation": {"conversation": 0.0},
    "length": {"short": 0.0, "full": 0.0},
    "user": {"user": 0.0},
    "named": {"named": 0.0},
    "standing": {"standing": 0.0},
    "time": {"time": 0.0},
    "recency": {"recent": 0.0, "newest": 0.0},
    "mention": {"mention": 0.0},
}
"""What each row of the ablation switches off."""


@dataclass(frozen=True, slots=True)
class Score:
    """One question's result: the share of its evidence within k, and the reciprocal rank of the first."""

    recall: tuple[float, ...]
    mrr: float


def score(hits: Sequence[Hit], evidence: Sequence[str]) -> Score:
    """Return how much of the evidence the hits hold; a derived memory counts for the turn it stands for."""
    ranked = [hit.memory.source.message_id for hit in hits]
    wanted = set(evidence)
    shares = tuple(len(wanted & set(ranked[:k])) / len(evidence) if evidence else 0.0 for k in KS)
    first = next((place for place, name in enumerate(ranked, 1) if name in wanted), 0)
    return Score(shares, 1 / first if first else 0.0)


def conversations(turns: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield runs of turns of one conversation, in order."""
    run: list[dict[str, Any]] = []
    name = ""
    for turn in turns:
        if run and (turn["conversation"] != name or len(run) == 1000):
            yield name, run
            run = []
        name = turn["conversation"]
        run.append(
            {
                "role": turn["role"],
                "content": turn["text"],
                "speaker": turn["speaker"] or None,
                "occurred_at": turn["at"] or None,
                "message_id": turn["id"],
            }
        )
    if run:
        yield name, run


async def load(memory: AsyncMemory, spaces: Sequence[Mapping[str, Any]]) -> float:
    """Put every space under a user of its own; return the seconds until all is searchable."""
    started = time.perf_counter()
    for space in spaces:
        for name, turns in conversations(space["turns"]):
            await memory.capture(turns, conversation_id=name, user_id=space["name"])
    await memory.drain()
    return time.perf_counter() - started


async def ask(memory: AsyncMemory, spaces: Sequence[Mapping[str, Any]]) -> tuple[dict[str, list[Score]], list[float]]:
    """Ask every question; return scores by category (and 'all'), and milliseconds a search."""
    scores: dict[str, list[Score]] = defaultdict(list)
    times: list[float] = []
    for space in spaces:
        for question in space["questions"]:
            if not question["evidence"]:
                continue
            started = time.perf_counter()
            hits = await memory.search(
                question["question"], user_id=space["name"], asked_at=question.get("asked_at") or None, limit=max(KS)
            )
            times.append((time.perf_counter() - started) * 1000)
            found = score(hits, question["evidence"])
            scores["all"].append(found)
            scores[str(question["category"])].append(found)
            scores[f"space {space['name']}"].append(found)
    return scores, times


def mean(scores: Sequence[Score]) -> list[float]:
    """Return recall at each k and MRR in percent."""
    recalls = [100 * sum(one.recall[place] for one in scores) / len(scores) for place in range(len(KS))]
    return [*recalls, 100 * sum(one.mrr for one in scores) / len(scores)]


async def measure(
    file: Path, *, parts: bool, spaces: int | None = None, questions: int | None = None
) -> dict[str, Any]:
    """Return scores over a file (or its first `spaces` and their first `questions`), with `parts` its ablation too.

    Each row is the number of questions, recall at each k, and MRR.
    """
    chosen = json.loads(file.read_text(encoding="utf-8"))[:spaces]
    chosen = [{**space, "questions": space["questions"][:questions]} for space in chosen]
    with tempfile.TemporaryDirectory() as home:
        async with AsyncMemory(home) as memory:
            seconds = await load(memory, chosen)
            scores, times = await ask(memory, chosen)
            rows = await ablate(memory, chosen) if parts else {}
    if parts:
        rows[FLOAT] = await unrounded(chosen)
    return {
        "file": file.name,
        "turns": sum(len(space["turns"]) for space in chosen),
        "seconds": seconds,
        "p50": sorted(times)[len(times) // 2],
        "scores": {name: [len(found), *mean(found)] for name, found in scores.items()},
        "parts": rows,
    }


async def ablate(memory: AsyncMemory, spaces: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Return the result without each part in turn, and of words and of meaning alone."""
    finder = memory.app.engine.finder
    whole = finder.options
    made = {f"without {name}": replace(whole.weights, **off) for name, off in off_switches().items()}
    nothing = {one.name: 0.0 for one in fields(Weights)}
    made |= {f"{name} alone": Weights(**{**nothing, name: 1.0}) for name in ("words", "meaning")}
    rows = {}
    for name, weights in made.items():
        finder.options = replace(whole, weights=weights)
        found = (await ask(memory, spaces))[0]["all"]
        rows[name] = [len(found), *mean(found)]
    finder.options = whole
    return rows


async def unrounded(spaces: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the result where the embedder multiplies in float32, in a store of its own."""
    with tempfile.TemporaryDirectory() as home:
        async with AsyncMemory(home, settings={"embedder": {"precision": "float32"}}) as memory:
            await load(memory, spaces)
            found = (await ask(memory, spaces))[0]["all"]
            return [len(found), *mean(found)]


def off_switches() -> dict[str, Mapping[str, float]]:
    """Return what each row of the ablation switches off; a weight that `PARTS` does not know has a row of its own."""
    known = {one.name for one in fields(Weights)}
    rows = {name: {weight: 0.0 for weight in off if weight in known} for name, off in PARTS.items()}
    named = {weight for off in rows.values() for weight in off}
    rows |= {name: {name: 0.0} for name in sorted(known - named)}
    return {name: off for name, off in rows.items() if off}


def show(name: str, row: Sequence[float]) -> str:
    """Return one line of the table."""
    return f"{name:32.32} {row[0]:5}  " + "  ".join(f"{value:6.2f}" for value in row[1:])


def main() -> None:
    """Print the tables of every evaluation file in a folder (or of one), the last line as JSON with `--json`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--parts", action="store_true")
    parser.add_argument("--spaces", type=int)
    parser.add_argument("--questions", type=int)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    for file in sorted(given.data.glob("*.json")) if given.data.is_dir() else [given.data]:
        found = asyncio.run(measure(file, parts=given.parts, spaces=given.spaces, questions=given.questions))
        print(f"\n{file.name}: {found['turns']} turns, searchable after {found['seconds']:.1f} s")
        print(f"{'':32} {'n':>5}  {'@5':>6}  {'@10':>6}  {'@20':>6}  {'MRR':>6}")
        for name, row in {**found["scores"], **found["parts"]}.items():
            print(show(name, row))
        print(f"search p50 {found['p50']:.1f} ms")
        if given.json:
            print("RESULT " + json.dumps(found))


if __name__ == "__main__":
    main()
