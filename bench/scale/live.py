"""A small load on two real servers over one PostgreSQL, beside what the simulation foretells of it.

Everything runs on the cores of this machine, so the pools are those cores and the two servers, each of which does one
thing at a time. What else the machine does is taken off: the cores that were left are measured while the load is.
"""

from __future__ import annotations

import argparse
import asyncio
import concurrent.futures
import http.client
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from tests.servers import Postgres, debian, postgres

from bench.figure import percentiles, tell
from bench.scale.measure import OPTIONS, processor_seconds, seconds_of
from bench.scale.simulation import Request, Simulation, Step, share
from bench.server import free_port, load
from bench.synthetic.texts import Writer
from recollect import AsyncMemory

ALONE, CLIENTS = 300, 8
FOUND = "/api/memory/search"


async def filled(home: Path, store: dict[str, Any], memories: int) -> list[dict[str, Any]]:
    """Fill a store, vectors included; return questions to ask over HTTP."""
    texts = Writer("en", memories)
    said = [texts.said() for _ in range(memories)]
    async with AsyncMemory(home, settings={"store": store, "embedder": {"threads": 1}}, worker=False) as opened:
        for place in range(0, memories, 20):
            turns = [{"role": "user", "content": text} for text in said[place : place + 20]]
            await opened.capture(turns, conversation_id=f"c{place}", user_id="u")
        await opened.app.drain()
    return [{"user_id": "u", "query": texts.question(said), "limit": 10} for _ in range(400)]


class Running:
    """One server, and what it has worked."""

    def __init__(self, home: Path, url: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-P", "-c", "from recollect.cli.main import main; main()", "--home", str(home)]
        named = {
            "STORE__URL": url,
            "SERVER__RATE": "off",
            "SERVER__JOBS": "false",
            "EMBEDDER__THREADS": "1",
            "EMBEDDER__CACHE_MB": "0",
        }
        environment = {**os.environ, **{f"RECOLLECT_{name}": value for name, value in named.items()}}
        self.process = subprocess.Popen(
            [*command, "serve", "--port", str(port), "--quiet"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 120
        while not self._ready():
            if time.monotonic() > until:
                raise TimeoutError("the server did not become ready")
            time.sleep(0.05)
        self.token = (home / "token").read_text(encoding="ascii").strip()

    def _ready(self) -> bool:
        try:
            with urlopen(f"{self.url}/health/ready", timeout=20):
                return True
        except OSError:
            return False

    def worked(self) -> float:
        """Return the seconds its process has worked."""
        return seconds_of(str(self.process.pid), ended=True)

    def end(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


def alone(server: Running, database: Postgres, bodies: Sequence[Any]) -> dict[str, Any]:
    """Ask one server one question after the other; return what each takes of it, of the database, and of who asks."""
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=300)
    head = {"Content-Type": "application/json", "Authorization": f"Bearer {server.token}"}
    times: list[float] = []
    before = server.worked(), processor_seconds(database), time.process_time()
    for number in range(ALONE):
        begun = time.perf_counter()
        connection.request("POST", FOUND, json.dumps(bodies[number % len(bodies)]), head)
        connection.getresponse().read()
        times.append((time.perf_counter() - begun) * 1000)
    after = server.worked(), processor_seconds(database), time.process_time()
    names = ("server", "database", "client")
    each = {name: (late - early) / ALONE for name, early, late in zip(names, before, after, strict=True)}
    return {**percentiles(times), "mean": sum(times) / ALONE, "seconds": each}


def busy() -> tuple[float, float]:
    """Return the seconds that all processors have worked and idled."""
    found = [int(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    ticks = os.sysconf("SC_CLK_TCK")
    idle = found[3] + found[4]
    return (sum(found[:8]) - idle) / ticks, idle / ticks


def together(servers: Sequence[Running], database: Postgres, bodies: Sequence[Any]) -> dict[str, Any]:
    """Ask all servers as fast as they answer, by wrk; return the rate, the times, and the cores that were ours."""
    before, began = sum(one.worked() for one in servers) + processor_seconds(database), busy()
    children, begun = os.times(), time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(len(servers)) as pool:
        runs = [pool.submit(load, one.url + FOUND, one.token, bodies, CLIENTS // len(servers)) for one in servers]
        found = [run.result() for run in runs]
    took, ended, now = time.perf_counter() - begun, os.times(), busy()
    asking = ended.children_user + ended.children_system - children.children_user - children.children_system
    ours = sum(one.worked() for one in servers) + processor_seconds(database) - before + asking
    rate = sum(run["rate"] for run in found)
    return {
        "rate": round(rate, 1),
        "failed": sum(run["failed"] for run in found),
        "p50": round(sum(run["p50"] for run in found) / len(found), 1),
        "cores": round((ours + now[1] - began[1]) / took, 3),
        "client": asking / max(rate * took, 1),
    }


def foretold(one: dict[str, Any], cores: float, client: float, servers: int) -> dict[str, float]:
    """Return what the simulation says of as many clients on so many servers that share what was left of the cores."""
    chance, each, seconds = random.Random(7), one["seconds"], 60.0
    pools = {"cores": math.ceil(cores), **{f"server {number}": 1 for number in range(servers)}}
    slower = pools["cores"] / cores

    def request(now: float, number: int) -> Request:
        speed = slower * chance.gammavariate(16, 1 / 16)
        steps = (
            Step(("cores",), client * speed),
            Step(("cores", f"server {number}"), each["server"] * speed),
            Step(("cores",), each["database"] * speed),
        )
        return Request("search", now, steps, lambda end: request(end, number))

    made = Simulation(pools)
    seen = made.run([request(0.0, number % servers) for number in range(CLIENTS)], seconds)
    return {
        "rate": round(len(seen.took["search"]) / seconds, 1),
        "p50": round(share(seen.took["search"], 0.5) * 1000, 1),
    }


def compared(one: dict[str, Any], real: dict[str, Any], servers: int) -> dict[str, Any]:
    """Return a real load beside what is foretold of it."""
    told = foretold(one, real["cores"], real["client"], servers)
    off = round(100 * (told["rate"] / real["rate"] - 1), 1)
    return {"servers": servers, "measured": real, "foretold": told, "off_percent": off}


def measured(folder: Path, database: Postgres, memories: int) -> dict[str, Any]:
    """Run the load on one server, then on two, each beside what was foretold."""
    url = database.database()
    bodies = asyncio.run(filled(folder / "fill", {"url": url}, memories))
    servers: list[Running] = []
    try:
        servers = [Running(folder / f"home{number}", url) for number in range(2)]
        for server in servers:
            alone(server, database, bodies)
        one = alone(servers[0], database, bodies)
        runs = []
        for count in (1, 2):
            real = together(servers[:count], database, bodies)
            runs.append(compared(one, real, count))
    finally:
        for server in servers:
            server.end()
    return {"memories": memories, "alone": one, "clients": CLIENTS, "runs": runs, "load": os.getloadavg()[0]}


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memories", type=int, default=3000)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        tell(measured(folder, stack.enter_context(postgres(debian(), OPTIONS)), given.memories))


if __name__ == "__main__":
    main()
