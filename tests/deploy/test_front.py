"""nginx, as deploy/nginx sets it, before two real servers: load, live events and MCP through it, one server killed."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from tests.deploy.programs import DEPLOY, free_ports, program
from tests.deploy.served import Served, running

CALLERS = 6


@contextmanager
def front(tmp_path: Path, ports: tuple[int, ...]) -> Iterator[str]:
    """Run nginx with the site of deploy/, without TLS, before servers on these ports; give its address."""
    (port,) = free_ports(1)
    site = (DEPLOY / "nginx" / "recollect.conf").read_text()
    upstream = site[site.index("upstream recollect") : site.index("# Hooks of a busy")]
    for ours, theirs in zip((37777, 37778), ports, strict=True):
        upstream = upstream.replace(f":{ours}", f":{theirs}")
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"""
    daemon off; master_process off; pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log;
    events {{ worker_connections 512; }}
    http {{
        access_log off;
        {folders}
        {upstream}
        server {{ listen 127.0.0.1:{port}; include {DEPLOY}/nginx/proxy.conf; }}
    }}
    """
    (tmp_path / "nginx.conf").write_text(whole)
    command = (program("nginx"), "-c", tmp_path / "nginx.conf", "-p", tmp_path, "-e", tmp_path / "error.log")
    url = f"http://127.0.0.1:{port}"
    with running(*command, ready=f"{url}/health/ready", log=tmp_path / "nginx.log"):
        yield url


@contextmanager
def two(*homes: Path, **settings: str) -> Iterator[list[Served]]:
    """Run two servers; over one data directory, or one each."""
    with ExitStack() as stack:
        servers = []
        for home, port in zip(homes, free_ports(2), strict=True):
            servers.append(Served(home, port, embedder__provider="none", server__rate="off", **settings))
            stack.callback(servers[-1].end)
            servers[-1].wait()
        yield servers


def ports_of(servers: list[Served]) -> tuple[int, ...]:
    return tuple(int(server.url.rpartition(":")[2]) for server in servers)


@dataclass
class Load:
    """Callers that write and search through an address until they are stopped."""

    url: str
    headers: dict[str, str]
    ending: threading.Event = field(default_factory=threading.Event)
    kept: list[tuple[str, str]] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[float, float, str, int]] = field(default_factory=list)

    def call(self, caller: int) -> None:
        with httpx.Client(base_url=self.url, headers=self.headers, timeout=60) as client:
            turn = 0
            while not self.ending.is_set():
                text = f"Caller {caller} wrote line {turn} of the log book"
                self._ask(client, "add", {"content": text, "user_id": f"u{caller}"}, text)
                self._ask(client, "search", {"query": "log book", "user_id": f"u{caller}"}, text)
                turn += 1

    def _ask(self, client: httpx.Client, verb: str, body: dict[str, str], text: str) -> None:
        began = time.monotonic()
        answer = client.post(f"/api/memory/{verb}", json=body)
        if answer.status_code != 200:
            self.failed.append((began, time.monotonic(), verb, answer.status_code))
            return
        self.answers[verb] += 1
        if verb == "add":
            self.kept.append((body["user_id"], text))

    @contextmanager
    def under(self) -> Iterator[None]:
        """Call from many threads until the block ends."""
        threads = [threading.Thread(target=self.call, args=(caller,)) for caller in range(CALLERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.ending.set()
            for thread in threads:
                thread.join(120)


def kills_one(url: str, servers: list[Served], answers: int) -> Load:
    """Kill one server under load; return the load, once as many requests were answered after as before."""
    load = Load(url, servers[0].headers)
    with load.under():
        grown(load, answers)
        killed = time.monotonic()
        servers[1].end()
        grown(load, load.answers.total() + answers)
        done = load.answers.total()
    assert done >= 2 * answers
    for began, ended, verb, status in load.failed:
        assert began < killed + 0.5, f"a {verb} that began {began - killed:.1f} s after the kill was answered {status}"
        assert ended >= killed, f"a {verb} failed before anything was killed: {status}"
        assert verb == "add", "what only asks is asked again at the other server"
    assert len(load.failed) <= CALLERS, "at most one in flight for each caller"
    return load


def grown(load: Load, to: int, within: float = 120) -> None:
    until = time.monotonic() + within
    while load.answers.total() < to:
        assert time.monotonic() < until, (load.answers, load.failed[:5])
        time.sleep(0.01)


def holds(server: Served, load: Load) -> None:
    """See to it that everything that was acknowledged is there."""
    found: set[tuple[str, str]] = set()
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as client:
        for user in {user for user, _ in load.kept}:
            cursor: str | None = None
            while True:
                asked = {"user_id": user, "limit": 1000, **({"cursor": cursor} if cursor else {})}
                data = client.post("/api/memory/list", json=asked).json()["data"]
                found |= {(user, item["content"]) for item in data["memories"]}
                cursor = data["next_cursor"]
                if cursor is None:
                    break
    assert set(load.kept) <= found


def initialized(url: str, headers: dict[str, str]) -> str:
    """Greet by MCP and return the name of who answered."""
    hello = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }  # fmt: skip
    accept = {"Accept": "application/json, text/event-stream"}
    answer = httpx.post(f"{url}/mcp", json=hello, headers={**headers, **accept}, timeout=60)
    assert answer.status_code == 200, answer.text
    found = re.search(r"\{.*\}", answer.text, re.DOTALL)
    assert found is not None
    return str(json.loads(found[0])["result"]["serverInfo"]["name"])


def test_a_killed_server_is_not_missed(home: Path, tmp_path: Path) -> None:
    program("nginx")
    with two(home, home) as servers, front(tmp_path, ports_of(servers)) as url:
        load = kills_one(url, servers, answers=60)
        holds(servers[0], load)
        assert httpx.get(f"{url}/metrics", headers=servers[0].headers).status_code == 404
        assert httpx.post(f"{url}/api/memory/search", json={"query": "x"}).status_code == 401


def heard(url: str, headers: dict[str, str], act: Callable[[], object]) -> str:
    """Listen to live events through the front, act, and return the first line that tells of it."""
    with (
        httpx.Client(headers=headers, timeout=60) as client,
        client.stream("GET", f"{url}/api/events", params={"user_id": "listener"}) as stream,
    ):
        act()
        return next(line for line in stream.iter_lines() if line.startswith("data:") and "cormorant" in line)


@pytest.mark.slow
def test_two_servers_over_postgresql_stand_in_for_each_other(tmp_path: Path, postgres_url: str) -> None:
    program("nginx")
    homes = (tmp_path / "one", tmp_path / "two")
    with two(*homes, store__url=postgres_url) as servers, front(tmp_path, ports_of(servers)) as url:
        headers = servers[0].headers
        assert initialized(url, headers) == "recollect"
        note = {"content": "A cormorant dries its wings", "user_id": "listener"}

        def told() -> None:
            assert httpx.post(f"{url}/api/memory/add", json=note, headers=headers, timeout=60).status_code == 200

        assert "cormorant" in heard(url, headers, told), "events come through as they happen"
        load = kills_one(url, servers, answers=300)
        holds(servers[0], load)
        assert initialized(url, headers) == "recollect"
        back = Served(homes[1], ports_of(servers)[1], embedder__provider="none", store__url=postgres_url)
        try:
            back.wait()
            load = Load(url, headers)
            with load.under():
                grown(load, 200)
            assert not load.failed, "a server that comes back is used again, and nothing fails for it"
        finally:
            back.end()
