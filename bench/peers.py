"""Measures a peer in its own virtual environment on recollect's texts, with recollect's embedder over HTTP."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean, median
from typing import Any

from bench.figure import percentiles, resident, tell, told
from bench.ingest import captured, embedded, handed_over
from bench.latency import measure as asked_ours
from bench.peer.job import Embeddings, clocked
from bench.synthetic.texts import CACHE
from bench.talk import Talk, talks, texts_of

PACKAGES = {"mem0": "mem0ai", "chroma": "chromadb"}
FORBIDDEN = "torch"
SCRIPT = Path(__file__).parent / "peer" / "run.py"
QUESTIONS = 100
TURNS = {"mem0": 12, "chroma": 3}
"""How often recollect and a peer take turns at ingest: only neighbours in time can be compared."""
TIMEOUT = 400.0


def installed(peer: str, folder: Path) -> Path:
    """Return the Python of a peer's environment, made and filled from PyPI when it is not there."""
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", PACKAGES[peer]], check=True, timeout=900)
        ready.touch()
    return python


def version(python: Path, peer: str) -> str:
    """Return the installed version; refuse an environment that drew in torch."""
    code = "import importlib.metadata as m; print(m.version({!r})); print([d.name for d in m.distributions()])"
    shown = subprocess.run(
        [python, "-c", code.format(PACKAGES[peer])], capture_output=True, text=True, check=True
    ).stdout
    if f"'{FORBIDDEN}'" in shown:
        raise SystemExit(f"the environment of {peer} holds {FORBIDDEN}")
    return shown.splitlines()[0]


@contextmanager
def endpoint() -> Iterator[tuple[int, int]]:
    """Run the embeddings endpoint and yield its port and process."""
    with subprocess.Popen([sys.executable, "-m", "bench.endpoint"], stdout=subprocess.PIPE, text=True) as server:
        try:
            yield int(server.stdout.readline()) if server.stdout else 0, server.pid
        finally:
            server.terminate()


class Runs:
    """Runs jobs of one peer, each in a process of its own with a home that they share by name."""

    def __init__(self, peer: str, python: Path, port: int, folder: Path) -> None:
        self._peer, self._python, self._port, self._folder = peer, python, port, folder

    def __call__(self, what: str, home: str, **more: Any) -> dict[str, Any]:
        """Return what a job tells, or {'error': …}."""
        place = self._folder / home
        place.mkdir(exist_ok=True)
        file = self._folder / "job.json"
        asked = {"what": what, "peer": f"with_{self._peer}", "home": str(place), "port": self._port, **more}
        file.write_text(json.dumps(asked), encoding="utf-8")
        at = f"http://127.0.0.1:{self._port}/v1"
        environment = {
            **os.environ,
            "HOME": str(self._folder),
            "MEM0_DIR": str(self._folder / "mem0"),
            "MEM0_TELEMETRY": "False",
            "ANONYMIZED_TELEMETRY": "False",
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": at,
        }
        started = time.perf_counter()
        try:
            done = subprocess.run(
                [self._python, SCRIPT, file],
                env=environment,
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"error": f"not done after {TIMEOUT:.0f} s"}
        found = told(done.stdout)
        if found is None:
            return {"error": (done.stderr.strip().splitlines() or ["no output"])[-1][:300]}
        return {**found, "process": (time.perf_counter() - started) * 1000}


def measure(peer: str, data: Path, stores: Path, sizes: list[str], *, most: int | None, singly: int) -> dict[str, Any]:
    """Measure ingest on the ingest texts, then search, memory and a cold open on the texts of filled stores."""
    python = installed(peer, CACHE / peer)
    name, found = talks(data, most)
    texts = texts_of(found)
    whole = [[turn["content"] for turn in turns] for _, turns in found]
    some = texts[:: max(1, len(texts) // singly)][:singly]
    with endpoint() as (port, process), tempfile.TemporaryDirectory(dir=CACHE) as folder:
        embed, runs = Embeddings(port), Runs(peer, python, port, Path(folder))
        embed(["ready"])
        alone = percentiles([clocked(lambda text=text: embed([text])) for text in texts[:QUESTIONS]])  # type: ignore[misc]
        result: dict[str, Any] = {"version": version(python, peer), "texts": name, "endpoint": alone}
        result["ingest"], result["beside"] = _in_turns(
            found, TURNS[peer], lambda turn: runs("ingest", f"ingest{turn}", texts=some, talks=whole)
        )
        for size in sizes:
            filled = json.loads((stores / size / "texts.json").read_text(encoding="utf-8"))
            asked = [text for _, text in json.loads((stores / size / "questions.json").read_text(encoding="utf-8"))]
            result[f"search/{size}"] = runs("search", size, texts=filled, questions=asked[:QUESTIONS])
            ours = asyncio.run(asked_ours(stores / size, QUESTIONS))["search"]
            if "p50" in result[f"search/{size}"]:
                result["beside"][f"search/{size}"] = result[f"search/{size}"]["p50"] / ours["p50"]
            result[f"cold/{size}"] = runs("cold", size, questions=asked[:1])
        result["embedder"] = resident(process)["now"]
    return result


def _in_turns(
    found: Sequence[Talk], turns: int, theirs: Callable[[int], dict[str, Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a peer's ingest of its middle turn, and how often as fast recollect was just before and just after it.

    Both are handed the same conversations, one at a time. `at_most` is what the embedder alone would reach, `singly`
    recollect's conversations by meaning against a peer that is handed one text at a time. Each is the middle of all
    turns, which stand in `all`.
    """
    count = len(texts_of(found))
    handed = asyncio.run(handed_over(found))
    ours, told, ratios = _ours(found, handed), [], []
    for turn in range(turns):
        one = theirs(turn)
        if "error" in one:
            return one, {}
        told.append(one)
        before, ours = ours, _ours(found, handed)
        ratios.append(_ratios(count, (before, ours), one))
    ranked = sorted(told, key=lambda one: float(one["capture"]))
    middle = {name: median(turn[name] for turn in ratios) for name in ratios[0]}
    return ranked[len(ranked) // 2], {**middle, "all": ratios}


def _ratios(count: int, around: Sequence[dict[str, float]], theirs: dict[str, Any]) -> dict[str, float]:
    """Return how many times as fast recollect was with `count` texts, in the mean of two runs, as a peer between."""
    rates = {name: count / fmean(seconds[name] for seconds in around) for name in around[0]}
    ratios = {name: rate / theirs["capture"] for name, rate in rates.items()}
    return {**ratios, "singly": rates["by_meaning"] / theirs["add"]}


def _ours(found: Sequence[Talk], handed: Sequence[str]) -> dict[str, float]:
    """Return the seconds until all is found by word, by meaning too, and those of the embedder alone."""
    with tempfile.TemporaryDirectory() as home:
        _, (word, meaning, _) = asyncio.run(captured(found, home, len(handed)))
    return {"by_word": word, "by_meaning": meaning, "at_most": asyncio.run(embedded(handed))}


def main() -> None:
    """Measure one peer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=sorted(PACKAGES))
    parser.add_argument("data", type=Path)
    parser.add_argument("stores", type=Path)
    parser.add_argument("sizes", nargs="+")
    parser.add_argument("--most", type=int)
    parser.add_argument("--singly", type=int, default=500)
    given = parser.parse_args()
    tell(measure(given.peer, given.data, given.stores, given.sizes, most=given.most, singly=given.singly))


if __name__ == "__main__":
    main()
