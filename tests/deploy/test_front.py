"""nginx, as deploy/nginx sets it, before two real servers: load, live events and MCP through it, one server killed."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import yaml
from tests.deploy.programs import DEPLOY, free_ports, program
from tests.deploy.served import COMMAND, Served, running
from tests.redis_server import redis_server

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


CUT = 0
"""The status of an answer that ended in its middle, as the server that gave it did."""


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
                if caller == 0:
                    self._greet()
                turn += 1

    def _greet(self) -> None:
        began, status = time.monotonic(), CUT
        with suppress(httpx.RemoteProtocolError):
            status = hello(self.url, self.headers).status_code
        if status == 200:
            self.answers["mcp"] += 1
        else:
            self.failed.append((began, time.monotonic(), "mcp", status))

    def _ask(self, client: httpx.Client, verb: str, body: dict[str, str], text: str) -> None:
        began, status = time.monotonic(), CUT
        with suppress(httpx.RemoteProtocolError):
            status = client.post(f"/api/memory/{verb}", json=body).status_code
        if status != 200:
            self.failed.append((began, time.monotonic(), verb, status))
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
        assert verb in {"add", "mcp"} or status == CUT, "what only asks is asked again at the other server"
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
    answer = hello(url, headers)
    assert answer.status_code == 200, answer.text
    found = re.search(r"\{.*\}", answer.text, re.DOTALL)
    assert found is not None
    return str(json.loads(found[0])["result"]["serverInfo"]["name"])


def hello(url: str, headers: dict[str, str]) -> httpx.Response:
    """Greet by MCP, as an assistant that begins."""
    said = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }  # fmt: skip
    accept = {"Accept": "application/json, text/event-stream"}
    return httpx.post(f"{url}/mcp", json=said, headers={**headers, **accept}, timeout=60)


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


def team(service: str, postgres: str, redis: str) -> dict[str, str]:
    """Return what compose.yaml tells a service of the profile `team`, as `Served` takes it; the servers are these."""
    told = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"][service]["environment"]
    given = {**told, "RECOLLECT_STORE__URL": postgres, "RECOLLECT_REDIS__URL": redis}
    hosts = re.sub(r"\$\{[^}]*\}", "", given["RECOLLECT_SERVER__HOSTS"])
    given |= {"RECOLLECT_SERVER__HOSTS": hosts, "RECOLLECT_EMBEDDER__PROVIDER": "none", "RECOLLECT_SERVER__RATE": "off"}
    return {
        name.removeprefix("RECOLLECT_").lower(): value
        for name, value in given.items()
        if name.startswith("RECOLLECT_") and value and not value.startswith("${")
    }


@contextmanager
def compose_front(folder: Path, ports: tuple[int, ...]) -> Iterator[str]:
    """Run nginx as the container `front` does, by the whole of front.conf; give its address."""
    (port,) = free_ports(1)
    text = (DEPLOY / "nginx" / "front.conf").read_text().replace("/etc/nginx/proxy.conf", f"{DEPLOY}/nginx/proxy.conf")
    for name, theirs in zip(("one", "two"), ports, strict=True):
        assert f"server {name}:37777" in text
        text = text.replace(f"server {name}:37777", f"server 127.0.0.1:{theirs}")
    text = text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace("/tmp/", f"{folder}/")
    (folder / "front.conf").write_text(f"daemon off;\n{text}")
    command = (program("nginx"), "-c", folder / "front.conf", "-p", folder, "-e", folder / "front.log")
    with running(*command, ready=f"http://127.0.0.1:{port}/health/ready", log=folder / "front.said"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def worker(home: Path, settings: dict[str, str]) -> Iterator[None]:
    """Run the worker of the team."""
    (port,) = free_ports(1)
    named = [f"RECOLLECT_{name.upper()}={value}" for name, value in settings.items()]
    command = ("env", *named, f"RECOLLECT_HOME={home}", *COMMAND, "worker", "--port", str(port), "--quiet")
    with running(*command, ready=f"http://127.0.0.1:{port}/health/ready", log=home.parent / "worker.log"):
        yield


def waiting(url: str, headers: dict[str, str]) -> int:
    """Return how many jobs wait."""
    health = httpx.get(f"{url}/health", headers=headers, timeout=60).json()
    return int(health["components"]["worker"]["waiting"])


@pytest.mark.slow
def test_a_team_as_compose_sets_it_loses_a_server_and_nobody_notices(tmp_path: Path, postgres_url: str) -> None:
    """PostgreSQL, Redis, two servers that do no jobs, a worker that does them, nginx: what the profile `team` runs."""
    program("nginx")
    with redis_server() as redis, ExitStack() as stack:
        servers = []
        for name, port in zip(("one", "two"), free_ports(2), strict=True):
            servers.append(Served(tmp_path / name, port, **team(name, postgres_url, redis.url)))
            stack.callback(servers[-1].end)
            servers[-1].wait()
        (tmp_path / "worker").mkdir()
        stack.enter_context(worker(tmp_path / "worker", team("worker", postgres_url, redis.url)))
        front_folder = tmp_path / "front"
        front_folder.mkdir(mode=0o777)
        url = stack.enter_context(compose_front(front_folder, ports_of(servers)))
        headers = servers[0].headers
        turns = [{"role": "user", "content": "The staging database moved to port 5433."}]
        spoken = {"turns": turns, "user_id": "bo", "conversation_id": "standup"}
        assert httpx.post(f"{url}/api/capture", json=spoken, headers=headers, timeout=60).status_code == 202
        load = kills_one(url, servers, answers=200)
        assert load.answers["mcp"] > 5
        holds(servers[0], load)
        until = time.monotonic() + 120
        while waiting(url, headers):
            assert time.monotonic() < until, "the jobs of the turn are done by the worker"
            time.sleep(0.1)
