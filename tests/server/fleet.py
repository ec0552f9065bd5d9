"""Servers and workers over one PostgreSQL, each a process with a data directory of its own; and what must be true.

Vectors come from a server of the test's own, slowly, so that claims are held long enough to be met.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from tests.server.conftest import COMMAND, Server, Start, plain_environment, until

from recollect.server import token
from recollect.stores.sql.lock import TENANT
from recollect.testing.model_server import ModelServer, Request, Vectors
from recollect.testing.model_server.vectors import vector_of

USER = "al"
DIMENSION = 32
SETTLED_WITHIN = 120.0
DONE = re.compile(r'^recollect_jobs_done_total\{job="[^"]*",outcome="done"\} ([\d.e+]+)$', re.MULTILINE)


def slowly(request: Request) -> Vectors:
    """Return vectors after a moment."""
    time.sleep(0.02)
    return Vectors([vector_of(text, DIMENSION) for text in request.body["input"]])


@dataclass
class Fleet:
    """What was started, how to start more, and a look into the database."""

    folder: Path
    url: str
    models: ModelServer
    settings: dict[str, Any] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    starters: dict[str, Start] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.models.usually(slowly)
        self.settings = {
            "store__url": self.url,
            "embedder__provider": "openai",
            "embedder__base_url": self.models.openai,
            "embedder__api_key": "x",
            "embedder__dimension": DIMENSION,
            "worker__poll": 0.2,
            **self.settings,
        }

    def server(self, name: str) -> Server:
        """Start a server, anew where one of that name has ended."""
        starter = self.starters.setdefault(name, Start(self.folder / name))
        self.servers[name] = starter(**self.settings)
        return self.servers[name]

    def worker(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a worker, anew where one of that name has ended; it tells of itself in a file."""
        named = {f"RECOLLECT_{key.upper()}": str(value) for key, value in self.settings.items()}
        command = [*COMMAND, "worker", "--home", str(self.folder / name), "--port", "0", *arguments]
        with self._said(name).open("wb") as said:
            self.workers[name] = subprocess.Popen(command, env={**plain_environment(), **named}, stderr=said)
        until(lambda: b"works off jobs" in self._said(name).read_bytes(), f"worker {name} has come up", 60)
        return self.workers[name]

    def close(self) -> None:
        """End everything the hard way."""
        for worker in self.workers.values():
            worker.kill()
            worker.wait()
        for starter in self.starters.values():
            starter.close()

    def asked(self, statement: str) -> list[Any]:
        """Return the rows of a statement, by the back door."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement.encode()).fetchall()

    def settled(self) -> None:
        """Wait until no job is left."""
        until(lambda: not self.asked("SELECT 1 FROM job LIMIT 1"), "every job was done", SETTLED_WITHIN)

    def jobs_done(self) -> int:
        """Return how many jobs all processes say they have done."""
        counts = [self._metrics(server.url, server.home) for server in self.servers.values()]
        counts += [self._metrics(self._url_of(name), self.folder / name) for name in self.workers]
        return round(sum(counts))

    def holds_claim(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether a worker holds a claim now."""
        return bool(
            self.asked(f"SELECT 1 FROM job WHERE state = 'claimed' AND worker LIKE '%/{process.pid}/%' LIMIT 1")
        )

    def pause_with_claim(self, name: str) -> None:
        """Stop a worker at a moment at which it holds a claim."""
        process = self.workers[name]

        def paused() -> bool:
            if not self.holds_claim(process):
                return False
            process.send_signal(signal.SIGSTOP)
            if self.holds_claim(process):
                return True
            process.send_signal(signal.SIGCONT)
            return False

        until(paused, "a worker was paused while it held a claim", 60)

    def pause_with_lock(self, name: str) -> None:
        """Stop a worker inside a transaction that holds what others wait for."""
        process = self.workers[name]
        locked = (
            "SELECT 1 FROM pg_stat_activity a JOIN pg_locks l USING (pid) WHERE l.locktype = 'advisory' AND l.granted "
            f"AND l.classid::bigint >> 8 = {TENANT} "
            "AND a.state = 'idle in transaction' AND now() - a.state_change > interval '0.2s'"
        )

        def paused() -> bool:
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.25)
            if self.asked(locked):
                return True
            process.send_signal(signal.SIGCONT)
            time.sleep(0.03)
            return False

        until(paused, "a worker was paused inside a transaction", 60)

    def _said(self, name: str) -> Path:
        return self.folder / f"{name}.said"

    def _url_of(self, name: str) -> str:
        found = re.search(r"how it is at (\S+)", self._said(name).read_text())
        assert found is not None
        return found[1]

    def _metrics(self, url: str, home: Path) -> float:
        headers = {"Authorization": f"Bearer {token.read(home)}", "Accept": "text/plain"}
        answer = httpx.get(f"{url}/metrics", headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return sum(float(found) for found in DONE.findall(answer.text))


class Writer(threading.Thread):
    """Writes conversations to servers in turn, each turn until it is acknowledged; keeps what was."""

    def __init__(self, fleet: Fleet, name: str, count: int) -> None:
        super().__init__(daemon=True, name=name)
        self._fleet, self._count = fleet, count
        self.told: list[str] = []
        self.failed: list[str] = []

    def run(self) -> None:
        for number in range(self._count):
            text = f"I prefer editor {number % 7} over editor {number} of {self.name}."
            turn = {"role": "user", "content": text, "message_id": f"{self.name}-{number}"}
            body = {"turns": [turn], "conversation_id": self.name, "user_id": USER}
            self.told += self._sent(body, number)

    def _sent(self, body: dict[str, Any], number: int) -> list[str]:
        end = time.monotonic() + 90
        while time.monotonic() < end:
            servers = list(self._fleet.servers.values())
            server = servers[number % len(servers)]
            with contextlib.suppress(httpx.TransportError, httpx.InvalidURL):
                answer = httpx.post(f"{server.url}/api/capture", json=body, headers=server.headers, timeout=20)
                if answer.status_code == 202:
                    return list(answer.json()["ids"])
                if answer.status_code not in {401, 503}:
                    self.failed.append(answer.text)
                    return []
            number += 1
            time.sleep(0.05)
        self.failed.append("nobody took it")
        return []


class Listener(threading.Thread):
    """Follows the events, and goes on at another server by the last id when its server is gone."""

    def __init__(self, fleet: Fleet, first: int) -> None:
        super().__init__(daemon=True)
        self._fleet, self._first = fleet, first
        self.begun, self.over = threading.Event(), threading.Event()
        self.ids: list[int] = []
        self._last: str | None = None

    def run(self) -> None:
        number = self._first
        while not self.over.is_set():
            servers = list(self._fleet.servers.values())
            with contextlib.suppress(httpx.TransportError, httpx.InvalidURL):
                self._follow(servers[number % len(servers)])
            number += 1
            time.sleep(0.05)

    def _follow(self, server: Server) -> None:
        headers = server.headers | ({} if self._last is None else {"Last-Event-ID": self._last})
        params = {"user_id": USER, "content": "false"}
        stream = httpx.stream("GET", f"{server.url}/api/events", params=params, headers=headers, timeout=30)
        with stream as answer:
            if answer.status_code != 200:
                return
            for line in answer.iter_lines():
                if line.startswith("id: "):
                    self._last = line[4:]
                    self.begun.set()
                elif line.startswith("data: ") and "memory_id" in line:
                    self.ids.append(int(json.loads(line[6:])["id"]))
                if self.over.is_set():
                    return


@contextlib.contextmanager
def fleet(folder: Path, url: str, models: ModelServer, **settings: Any) -> Iterator[Fleet]:
    """Give a fleet, and end what it started."""
    made = Fleet(folder, url, models, settings)
    try:
        yield made
    finally:
        made.close()


def check(made: Fleet, told: set[str]) -> None:
    """Assert that each thing was done, and none of it twice."""
    kept = {name for (name,) in made.asked("SELECT id FROM memory")}
    assert told <= kept, "what was acknowledged is there"
    assert made.asked("SELECT message_id FROM memory WHERE kind = 'turn' GROUP BY 1 HAVING count(*) > 1") == []
    missing = "SELECT count(*) FROM memory m JOIN chunk c ON c.memory = m.key WHERE m.dense AND m.kind <> 'summary'"
    assert made.asked(f"{missing} AND NOT EXISTS (SELECT 1 FROM vector v WHERE v.chunk = c.key)") == [(0,)]
    twice = "SELECT tenant, content_hash FROM memory WHERE kind = 'fact' GROUP BY 1, 2 HAVING count(*) > 1"
    assert made.asked(twice) == [], "no fact twice"
    assert made.asked("SELECT id FROM memory WHERE kind = 'fact' AND repeats <> json_array_length(sources)") == []
    stated = made.asked("SELECT count(*) FROM memory WHERE kind = 'turn'")
    derived = made.asked("SELECT count(DISTINCT d.source) FROM derivation d JOIN memory m ON m.key = d.memory "
                         "WHERE m.kind = 'fact'")  # fmt: skip
    assert stated == derived, "every turn's statement became a fact"


def heard(made: Fleet, listener: Listener) -> None:
    """Wait until a listener has every event, then assert that it has each once and in order."""
    wanted = [seq for (seq,) in made.asked("SELECT seq FROM change ORDER BY seq")]
    until(lambda: len(listener.ids) >= len(wanted), "a listener heard everything", 60)
    assert listener.ids == wanted
