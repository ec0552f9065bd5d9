"""What the server adds: searches and captures over HTTP under load by wrk, with Chroma's own server beside it.

wrk (a package of Debian) asks as fast as it is answered, over connections it keeps open; what it prints is read here.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.figure import resident, tell
from bench.latency import WARM
from bench.pace import in_rounds
from bench.peer.job import Embeddings
from bench.peers import endpoint, installed, version
from bench.synthetic.texts import CACHE
from bench.talk import talks

SECONDS = 8
ROUND = 2
"""Seconds of a round, where rounds in calm moments count."""
BATCH = 200
CLIENTS = (1, 16)
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
_LATENCY = re.compile(r"^\s+(50|75|90|99)%\s+([\d.]+)(us|ms|s|m)\s*$", re.MULTILINE)

SCRIPT = """
local bodies = {{ {bodies} }}
local at = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {token}"
request = function()
  at = at % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[at])
end
done = function(summary, latency, requests)
  io.write(string.format("ANSWERS %d %d\\n", summary.requests, summary.errors.status + summary.errors.timeout))
end
"""
"""Asks each body in turn; what wrk does not print in a form of its own, it tells at the end."""


def in_calm(url: str, token: str, bodies: Callable[[int], Sequence[Any]], clients: int) -> dict[str, float]:
    """Ask with so many clients, each time what `bodies` has for that time, until enough of that fell into calm moments.

    Returns requests a second, p50 (both in the middle) and p99 (the worst) of what counts in ms, its pace, and
    the p50 in the middle of all rounds and their failures.
    """

    async def once(nth: int) -> dict[str, float]:
        return load(url, token, bodies(nth), clients, ROUND)

    times = asyncio.run(in_rounds(once, itertools.count(), SECONDS // ROUND, each=1))
    calm = times.calm()
    return {
        "rate": median(one["rate"] for one in calm),
        "failed": sum(one["failed"] for one in times.all()),
        "p50": median(one["p50"] for one in calm),
        "p99": max(one["p99"] for one in calm),
        "pace": times.pace(),
        "p50_all": median(one["p50"] for one in times.all()),
    }


def load(url: str, token: str, bodies: Sequence[Any], clients: int, seconds: int = SECONDS) -> dict[str, float]:
    """Ask for some seconds; return requests a second, failures, and p50 and p99 in ms."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as script:
        quoted = ", ".join(f"[==[{json.dumps(body)}]==]" for body in bodies)
        script.write(SCRIPT.format(bodies=quoted, token=token))
        script.flush()
        threads = min(clients, 2)
        line = ["wrk", f"-t{threads}", f"-c{clients}", f"-d{seconds}s", "--latency", "-s", script.name, url]
        said = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    found = {share: float(value) * _UNITS[unit] for share, value, unit in _LATENCY.findall(said)}
    answers = re.search(r"^ANSWERS (\d+) (\d+)$", said, re.MULTILINE)
    if answers is None or "50" not in found:
        raise RuntimeError(f"wrk said nothing that can be read: {said[-500:]}")
    return {
        "rate": round(int(answers[1]) / seconds, 1),
        "failed": int(answers[2]),
        "p50": round(found["50"], 3),
        "p99": round(found["99"], 3),
    }


@contextlib.contextmanager
def served(home: Path) -> Iterator[tuple[str, str, int]]:
    """Run `recollect serve` over a filled store; give its address, its token, and its process."""
    port = free_port()
    recollect = str(Path(sys.executable).with_name("recollect"))
    line = [recollect, "--home", str(home), "serve", "--port", str(port), "--quiet"]
    environment = {
        **os.environ,
        "RECOLLECT_SERVER__RATE": "off",
        "RECOLLECT_LOG__LEVEL": "WARNING",
        "RECOLLECT_EMBEDDER__CACHE_MB": "0",  # wrk asks the same questions again and again
    }
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        wait(f"{url}/health/ready", process)
        yield url, (home / "token").read_text(encoding="ascii").strip(), process.pid
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait(url: str, process: subprocess.Popen[Any], seconds: float = 60.0) -> None:
    """Wait until an address answers with success."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{url} did not answer within {seconds:.0f} s")


def ours(store: Path, data: Path) -> dict[str, Any]:
    """Measure recollect over a copy of a filled store."""
    questions = json.loads((store / "questions.json").read_text(encoding="utf-8"))
    asked = [{"user_id": owner or "default", "query": text, "limit": 10} for owner, text in questions]
    turns = [turn for _, turns in talks(data)[1] for turn in turns]

    def said(nth: int) -> list[dict[str, Any]]:
        """Return captures that are new each time."""
        new = ({**one, "message_id": f"{nth} {one['message_id']}"} for one in turns)
        return [
            {"turns": [one], "user_id": "bench", "conversation_id": f"{nth} {at // 50}"} for at, one in enumerate(new)
        ]

    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        home = Path(folder) / "home"
        shutil.copytree(store, home)
        with served(home) as (url, token, process):
            for body in asked[-WARM:]:
                _post(f"{url}/api/memory/search", body, token)
            search = {str(n): in_calm(f"{url}/api/memory/search", token, lambda _: asked, n) for n in CLIENTS}
            capture = in_calm(f"{url}/api/capture", token, said, 1)
            return {"search": search, "capture": capture, "resident": resident(process)["now"]}


def chroma(store: Path) -> dict[str, Any]:
    """Measure Chroma's server on the same texts; it is handed vectors, for it makes none itself."""
    python = installed("chroma", CACHE / "chroma")
    texts = json.loads((store / "texts.json").read_text(encoding="utf-8"))
    asked = [text for _, text in json.loads((store / "questions.json").read_text(encoding="utf-8"))][:200]
    with endpoint() as (at, _), tempfile.TemporaryDirectory(dir=CACHE) as folder:
        embed, port = Embeddings(at), free_port()
        line = [str(python.with_name("chroma")), "run", "--path", folder, "--port", str(port)]
        environment = {**os.environ, "ANONYMIZED_TELEMETRY": "False"}
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        try:
            url = f"http://127.0.0.1:{port}/api/v2"
            wait(f"{url}/heartbeat", process)
            place = f"{url}/tenants/default_tenant/databases/default_database/collections"
            place += "/" + _post(place, {"name": "bench"})["id"]
            for start in range(0, len(texts), BATCH):
                part = texts[start : start + BATCH]
                ids = [str(start + at) for at in range(len(part))]
                _post(f"{place}/add", {"ids": ids, "documents": part, "embeddings": embed(part)})
            bodies = [{"query_embeddings": [embed([text])[0]], "n_results": 10} for text in asked]
            search = {str(n): in_calm(f"{place}/query", "none", lambda _: bodies, n) for n in CLIENTS}
            return {"version": version(python, "chroma"), "search": search, "resident": resident(process.pid)["now"]}
        finally:
            process.terminate()
            process.wait(20)


def _post(url: str, body: Any, token: str = "none") -> Any:
    data, head = json.dumps(body).encode(), {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    with urllib.request.urlopen(urllib.request.Request(url, data, head), timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def main() -> None:
    """Measure the server over a filled store, or its peer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("who", choices=("ours", "chroma"))
    parser.add_argument("store", type=Path)
    parser.add_argument("data", type=Path)
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed (apt-get install wrk)")
    tell(ours(given.store, given.data) if given.who == "ours" else chroma(given.store))


if __name__ == "__main__":
    main()
