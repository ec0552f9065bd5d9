"""Retrieval quality on the evaluation format: recall@k and MRR over whole runs through the library."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recollect import AsyncMemory
from recollect.models import Hit
from recollect.retrieve.fuse import Weights

KS = (5, 10, 20)

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


def show(name: str, scores: Sequence[Score]) -> str:
    """Return one line of the table."""
    return f"{name:32.32} {len(scores):5}  " + "  ".join(f"{value:6.2f}" for value in mean(scores))


async def run(files: Sequence[Path], *, parts: bool, weights: Mapping[str, float] | None = None) -> None:
    """Print the table of each file, and with `parts` what each part of the recipe is worth."""
    for file in files:
        spaces = json.loads(file.read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as home:
            async with AsyncMemory(home) as memory:
                seconds = await load(memory, spaces)
                finder = memory.app.engine.finder
                if weights:
                    finder.options = replace(finder.options, weights=Weights(**weights))
                turns = sum(len(space["turns"]) for space in spaces)
                print(f"\n{file.name}: {turns} turns, searchable after {seconds:.1f} s")
                print(f"{'':32} {'n':>5}  {'@5':>6}  {'@10':>6}  {'@20':>6}  {'MRR':>6}")
                scores, times = await ask(memory, spaces)
                for name, found in scores.items():
                    print(show(name, found))
                print(f"search p50 {sorted(times)[len(times) // 2]:.1f} ms")
                if parts:
                    await ablate(memory, spaces)


async def ablate(memory: AsyncMemory, spaces: Sequence[Mapping[str, Any]]) -> None:
    """Print the result without each part in turn."""
    finder = memory.app.engine.finder
    whole = finder.options
    for name, off in PARTS.items():
        finder.options = replace(whole, weights=replace(whole.weights, **off))
        scores, _ = await ask(memory, spaces)
        print(show(f"without {name}", scores["all"]))
    finder.options = whole


def main(data: Path, *, parts: bool) -> None:
    """Run over every evaluation file in a folder."""
    files = sorted(data.glob("*.json")) if data.is_dir() else [data]
    asyncio.run(run(files, parts=parts))


if __name__ == "__main__":
    import sys

    main(Path(sys.argv[1]), parts="--parts" in sys.argv)
