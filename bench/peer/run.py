"""Measures one peer: `python run.py JOB.json`, started with the Python of the peer's own environment."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import sys
import time
from pathlib import Path
from typing import Any, Protocol

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
job = importlib.import_module("job")
pace = importlib.import_module("bench.pace")
figure = importlib.import_module("bench.figure")


class Peer(Protocol):
    """What both peers can do."""

    def add(self, text: str) -> None:
        """Keep one text, embedded by the endpoint."""

    def add_talk(self, texts: list[str]) -> None:
        """Keep the texts of one conversation in one call, as far as the peer has such a call."""

    def put(self, texts: list[str], vectors: list[list[float]]) -> None:
        """Keep texts with vectors that are there already."""

    def search(self, question: str) -> int:
        """Return how many hits a question has."""

    def count(self) -> int:
        """Return how many memories there are."""


def ingest(peer: Peer, asked: dict[str, Any]) -> dict[str, Any]:
    """Add texts one by one, then whole conversations."""
    texts, talks = asked["texts"], asked["talks"]
    peer.add("The connection is open now.")

    def singly() -> None:
        for text in texts:
            peer.add(text)

    def by_talk() -> None:
        for talk in talks:
            peer.add_talk(talk)

    one, whole = job.rate(len(texts), singly), job.rate(sum(map(len, talks)), by_talk)
    return {"add": one, "capture": whole, "stored": peer.count() - 1, "sent": len(texts) + sum(map(len, talks))}


def search(peer: Peer, asked: dict[str, Any]) -> dict[str, Any]:
    """Fill with a store's texts and ask its questions until as many were asked in calm moments."""
    texts = asked["texts"]
    for start in range(0, len(texts), job.ROUND):
        part = texts[start : start + job.ROUND]
        peer.put(part, job.vectors(len(part), start))
    hits = [peer.search(question) for question in asked["questions"][:10]]

    async def one(question: str) -> float:
        took: float = job.clocked(lambda: peer.search(question))
        return took

    questions = asked["questions"]
    times = asyncio.run(pace.in_rounds(one, itertools.cycle(questions), len(questions)))
    return {
        "memories": peer.count(),
        **figure.percentiles(times.calm()),
        "pace": times.pace(),
        "hits": sum(hits) / len(hits),
        "resident": figure.resident()["now"],
    }


def main() -> None:
    """Do what the job says: ingest, search, or cold (open what search left and ask once)."""
    started = time.perf_counter()
    asked = job.read(sys.argv[1])
    peer: Peer = importlib.import_module(asked["peer"]).open_peer(asked)
    if asked["what"] == "ingest":
        figure.tell({**ingest(peer, asked), "idle": figure.resident()["now"]})
    elif asked["what"] == "search":
        figure.tell(search(peer, asked))
    else:
        hits = peer.search(asked["questions"][0])
        figure.tell(
            {"inside": (time.perf_counter() - started) * 1000, "hits": hits, "resident": figure.resident()["now"]}
        )


if __name__ == "__main__":
    main()
