"""How a server ends: in time, with exit code 0, with nothing lost, whoever hangs on to it; and how commands find it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.server.conftest import COMMAND, Server, Start

from recollect.server import record


class Writer(threading.Thread):
    """Writes until the server is gone, and keeps what was acknowledged."""

    def __init__(self, server: Server, name: str) -> None:
        super().__init__(daemon=True)
        self._server = server
        self.name = name
        self.told: list[str] = []
        self.refused: list[str] = []

    def run(self) -> None:
        with self._server.client() as client, contextlib.suppress(httpx.TransportError):
            for number in range(100_000):
                turn = {"role": "user", "content": f"{self.name} says {number}: zebras prefer tabs"}
                done = client.post("/api/capture", json={"turns": [turn], "conversation_id": self.name})
                if done.status_code == 202:
                    self.told += done.json()["ids"]
                else:
                    self.refused.append(done.json()["error"]["code"])


def kept(home: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(home / "recollect.db")) as door:
        assert door.execute("PRAGMA quick_check").fetchone() == ("ok",)
        return {name for (name,) in door.execute("SELECT id FROM memory")}


def raw(server: Server, *lines: str) -> socket.socket:
    """Open a connection and send the beginning of a request."""
    opened = socket.create_connection(("127.0.0.1", server.port), timeout=15)
    text = "".join(f"{line}\r\n" for line in lines)
    opened.sendall(text.encode())
    return opened


def authorised(server: Server) -> str:
    return f"Authorization: {server.headers['Authorization']}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_under_load_ends_it_in_time_and_loses_nothing(
    home: Path, start: Start, number: signal.Signals
) -> None:
    server = start()
    writers = [Writer(server, f"writer{count}") for count in range(4)]
    for writer in writers:
        writer.start()
    listener = raw(server, "GET /api/events HTTP/1.1", "Host: localhost", authorised(server), "")
    assert listener.recv(15) == b"HTTP/1.1 200 OK"
    slow = raw(server, "GET /health HTTP/1.1", "Host: loc")
    half = raw(server, "POST /api/capture HTTP/1.1", "Host: localhost", authorised(server), "Content-Length: 999", "")
    idle = raw(server)
    deadline = time.monotonic() + 20
    while sum(len(writer.told) for writer in writers) < 40:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    code, took, said = server.end(number)
    assert (code, took < 8) == (0, True), said
    assert "Traceback" not in said
    for writer in writers:
        writer.join(10)
        assert set(writer.refused) <= {"stopping"}
    told = {name for writer in writers for name in writer.told}
    assert len(told) >= 40
    assert told <= kept(home)
    answer = half.recv(4096).decode()
    assert answer.startswith("HTTP/1.1 503 ")
    assert '"code":"stopping"' in answer
    for connection in (listener, slow, half, idle):
        connection.close()
    assert record.read(home) is None
    with contextlib.closing(sqlite3.connect(home / "recollect.db")) as door:
        assert door.execute("SELECT count(*) FROM job WHERE worker IS NOT NULL").fetchone() == (0,)


def test_two_signals_at_once_end_it_too(start: Start) -> None:
    server = start()
    server.process.send_signal(signal.SIGTERM)
    code, _, said = server.end(signal.SIGINT)
    assert code == 0, said


def test_it_is_one_process_without_children(start: Start) -> None:
    server = start()
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    if children.exists():
        assert children.read_text().split() == []


def run(environment: dict[str, str], home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *arguments, "--home", str(home)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)


def told(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_it_runs_in_the_background_and_is_found_and_stopped(home: Path, environment: dict[str, str]) -> None:
    assert run(environment, home, "status").returncode == 5
    assert run(environment, home, "health").returncode == 5
    assert run(environment, home, "stop").returncode == 0
    begun = told(run(environment, home, "serve", "--background", "--port", "0", "--json"))
    try:
        assert httpx.get(f"{begun['url']}/health/ready").status_code == 200
        assert os.getsid(begun["pid"]) == begun["pid"]
        found = record.running(home)
        assert found is not None
        seen = told(run(environment, home, "status", "--json"))
        assert (seen["running"], seen["ready"], seen["pid"], seen["url"]) == (True, True, begun["pid"], begun["url"])
        assert "is ready" in run(environment, home, "status").stdout
        well = run(environment, home, "health")
        assert (well.returncode, "healthy" in well.stdout) == (0, True)
        again = run(environment, home, "serve", "--background", "--port", "0")
        assert (again.returncode, begun["url"] in again.stderr) == (1, True)
    finally:
        ended = run(environment, home, "stop")
    assert found.pid == begun["pid"]
    assert ended.returncode == 0
    assert not record.is_running(found)
    assert run(environment, home, "status").returncode == 5


def test_a_background_that_does_not_start_says_why(home: Path, environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(environment, home, "serve", "--background", "--port", str(port))
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr


def test_a_token_is_made_anew_while_the_server_runs(home: Path, start: Start, environment: dict[str, str]) -> None:
    server = start()
    before = server.headers
    done = run(environment, home, "token", "rotate")
    assert (done.returncode, done.stdout.strip()) == (0, str(home / "token"))
    with httpx.Client(base_url=server.url) as client:
        assert client.get("/api/jobs", headers=server.headers).status_code == 200
        end = time.monotonic() + 5
        while client.get("/api/jobs", headers=before).status_code != 401:
            assert time.monotonic() < end
            time.sleep(0.05)
    assert told(run(environment, home, "token", "--json")) == {"path": str(home / "token"), "made": True}


def forged(home: Path, **values: Any) -> record.Record:
    home.mkdir(exist_ok=True)
    usual = {"pid": os.getpid(), "born": record.birth(os.getpid()), "host": "127.0.0.1", "port": 9, "instance": "i"}
    made = record.Record(**{**usual, "version": "1", "started_at": "now", **values})
    assert record.claim(home, made) is None
    return made


def test_a_file_of_a_dead_process_is_no_server(home: Path, start: Start) -> None:
    with subprocess.Popen(["sleep", "0"]) as gone:
        gone.wait()
        forged(home, pid=gone.pid, born="1")
        assert record.running(home) is None
        server = start()
        found = record.running(home)
    assert found is not None
    assert found.pid == server.process.pid


def test_a_process_that_was_given_the_number_is_no_server_and_is_not_stopped(
    home: Path, environment: dict[str, str]
) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        forged(home, pid=other.pid, born="1")
        assert run(environment, home, "stop").stdout.strip() == "no server is running"
        forged_again = record.read(home)
        assert forged_again is not None
        (home / "server.json").unlink()
        forged(home, pid=other.pid, born=None)  # where the system does not tell, the port must answer by its name
        assert run(environment, home, "stop").stdout.strip() == "no server is running"
        assert other.poll() is None
        other.kill()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x"}', '{"pid": 1}', '{"pid": 1, "more": 2}', "\udcff"])
def test_a_file_that_makes_no_sense_is_no_server(home: Path, text: str) -> None:
    home.mkdir()
    (home / "server.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert record.running(home) is None
    forged(home)
    assert record.running(home) is not None


def test_a_server_withdraws_only_its_own_file(home: Path) -> None:
    mine = forged(home)
    other = record.Record(**{**json.loads((home / "server.json").read_text()), "instance": "other"})
    assert record.claim(home, other) == mine
    record.withdraw(home, other)
    assert record.read(home) == mine
    record.withdraw(home, mine)
    assert record.read(home) is None


def test_refused_tokens_that_were_counted_are_in_the_log_when_it_stops(start: Start, home: Path) -> None:
    server = start()
    for _ in range(3):
        assert httpx.get(f"{server.url}/api/jobs", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert server.end()[0] == 0
    with contextlib.closing(sqlite3.connect(home / "recollect.db")) as door:
        found = door.execute("SELECT times FROM audit WHERE action = 'authenticate' ORDER BY seq").fetchall()
    assert found == [(1,), (2,)]
