"""What a peer is asked to do, and how it answers; shared by the peers' scripts, standard library only."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

DIMENSION = 384
ROUND = 500


class Embeddings:
    """Asks the bench's endpoint over one connection that stays open."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def __call__(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector a text."""
        body = json.dumps({"input": list(texts), "model": "all-MiniLM-L6-v2", "encoding_format": "float"})
        self._connection.request("POST", "/v1/embeddings", body, {"Content-Type": "application/json"})
        return [one["embedding"] for one in json.loads(self._connection.getresponse().read())["data"]]


def vectors(count: int, seed: int) -> list[list[float]]:
    """Return random vectors of length one, like those in recollect's own filled stores."""
    made = random.Random(seed)
    rows = [[made.gauss(0, 1) for _ in range(DIMENSION)] for _ in range(count)]
    return [[value / sum(one * one for one in row) ** 0.5 for value in row] for row in rows]


def clocked(work: Callable[[], Any]) -> float:
    """Return the milliseconds something takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def rate(count: int, work: Callable[[], Any]) -> float:
    """Return how many a second `work` did."""
    return count / (clocked(work) / 1000)


def read(path: str) -> Any:
    """Return what a JSON file holds."""
    return json.loads(Path(path).read_text(encoding="utf-8"))
