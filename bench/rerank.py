"""What a reranker does to retrieval: an echo must take nothing away, noise little, and one that knows must help.

`python -m bench.rerank DATA` prints recall for rerankers that echo (a constant, the order given, our own scores), one
that throws dice, one by words, and ones that know the evidence as well as their AUC says, at several weights.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.quality import ask, load, mean, show
from recollect import AsyncMemory
from recollect.retrieve.rerank import WEIGHT, Reranking
from recollect.testing.reranker import FakeReranker, Scoring, overlap

WEIGHTS = (0.5, WEIGHT, 1.5, 2.0, 3.0)
KNOWING = {0.75: 0.954, 0.9: 1.812, 0.97: 2.660}
"""Distance between the means of evidence and of the rest, in deviations, by AUC."""


def echoes() -> Mapping[str, Scoring]:
    """Return rerankers that say nothing new."""
    return {
        "constant": lambda _, texts: [0.5] * len(texts),
        "the order given": lambda _, texts: [1 - place / len(texts) for place in range(len(texts))],
        "falling fast": lambda _, texts: [math.exp(-place) for place in range(len(texts))],
    }


def knowing(evidence: Mapping[str, Sequence[str]], distance: float) -> Scoring:
    """Return a reranker whose scores part the evidence from the rest by so much, the same in every run."""

    def scoring(question: str, texts: Sequence[str]) -> list[float]:
        wanted = evidence.get(question, ())
        dice = random.Random(question)
        means = [distance if any(one in text for one in wanted) else 0.0 for text in texts]
        return [1 / (1 + math.exp(2 - one - dice.gauss())) for one in means]

    return scoring


def evidence_of(spaces: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the texts that answer each question."""
    found = {}
    for space in spaces:
        texts = {turn["id"]: turn["text"] for turn in space["turns"]}
        for question in space["questions"]:
            found[question["question"]] = [texts[name] for name in question["evidence"] if name in texts]
    return found


async def measure(file: Path, *, spaces: int | None, questions: int | None) -> dict[str, list[float]]:
    """Return a row for each reranker: the number of questions, recall at each k, and MRR."""
    chosen = json.loads(file.read_text(encoding="utf-8"))[:spaces]
    chosen = [{**space, "questions": space["questions"][:questions]} for space in chosen]
    evidence = evidence_of(chosen)
    with tempfile.TemporaryDirectory() as home:
        async with AsyncMemory(home) as memory:
            await load(memory, chosen)
            finder = memory.app.engine.finder

            async def row(scoring: Scoring | None, weight: float = WEIGHT) -> list[float]:
                finder.reranking = None if scoring is None else Reranking(FakeReranker(scoring), weight=weight)
                found = (await ask(memory, chosen))[0]["all"]
                return [len(found), *mean(found)]

            rows = {"none": await row(None)}
            for name, scoring in echoes().items():
                rows[f"echo: {name}"] = await row(scoring)
            made = {"dice": knowing({}, 0.0), "words": overlap}
            made |= {f"AUC {auc}": knowing(evidence, far) for auc, far in KNOWING.items()}
            for name, scoring in made.items():
                for weight in WEIGHTS:
                    rows[f"{name}, weight {weight}"] = await row(scoring, weight)
            return rows


def main() -> None:
    """Print the table of every evaluation file in a folder (or of one)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--spaces", type=int)
    parser.add_argument("--questions", type=int)
    given = parser.parse_args()
    for file in sorted(given.data.glob("*-dev.json")) if given.data.is_dir() else [given.data]:
        rows = asyncio.run(measure(file, spaces=given.spaces, questions=given.questions))
        print(f"\n{file.name}\n{'':32} {'n':>5}  {'@5':>6}  {'@10':>6}  {'@20':>6}  {'MRR':>6}")
        for name, row in rows.items():
            print(show(name, row))


if __name__ == "__main__":
    main()
