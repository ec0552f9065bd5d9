"""Several processes behind one port: found and stopped as one, and none of them is missed for long."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
from tests.server.conftest import COMMAND, Start, until

from recollect.server import record

TURN = {"turns": [{"role": "user", "content": "zebras are striped"}], "conversation_id": "c"}


def children(pid: int) -> set[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return {int(one) for one in found.read_text().split()} if found.exists() else set()


def requests(client: httpx.Client) -> int:
    """Return how many captures were answered, as the server counts them."""
    text = client.get("/metrics", headers={"Accept": "text/plain"}).text
    found = re.search(r'recollect_http_requests_total\{method="POST",route="/api/capture",status="202"\} (\S+)', text)
    return int(float(found[1])) if found else 0


def is_there(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_process_that_dies_is_started_anew_and_nothing_acknowledged_is_lost(home: Path, start: Start) -> None:
    server = start("--port", "0", "--workers", "2")
    parent = server.process.pid
    before = until(lambda: len(found := children(parent)) == 2 and found, "two processes serve")
    told = []
    for number in range(60):
        if number == 20:
            os.kill(min(before), signal.SIGKILL)
        body = {**TURN, "turns": [{"role": "user", "content": f"zebra {number} is striped", "message_id": str(number)}]}
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.post(f"{server.url}/api/capture", json=body, headers=server.headers, timeout=20)
                if answer.status_code == 202:
                    told += answer.json()["ids"]
                    break
    assert len(told) == 60
    after = until(lambda: len(found := children(parent)) == 2 and found != before and found, "the dead one is back")
    assert len(after & before) == 1
    with server.client() as client:
        for name in told[::7]:
            assert client.get(f"/api/memory/{name}").status_code == 200
        # Whichever is asked tells of all, those that died among them; only what was counted in the last second is lost.
        until(lambda: min(requests(client) for _ in range(6)) >= 40, "each tells of all")
    status = subprocess.run([*COMMAND, "status", "--home", str(home), "--json"], capture_output=True, check=True)
    assert json.loads(status.stdout)["pid"] == parent
    code, _, said = server.end(within=60)
    assert code == 0, said
    assert "2 processes" in said
    assert not any(map(is_there, after))
    assert record.read(home) is None


def test_processes_end_when_the_one_that_started_them_is_killed(start: Start) -> None:
    server = start("--port", "0", "--workers", "2")
    serving = until(lambda: len(found := children(server.process.pid)) == 2 and found, "two processes serve")
    server.process.kill()
    server.process.wait()
    until(lambda: not any(map(is_there, serving)), "nobody is left behind")


def test_settings_that_cannot_be_used_end_it_at_once(home: Path, environment: dict[str, str]) -> None:
    wrong = ["serve", "--home", str(home), "--port", "0", "--workers", "3", "--no-auth", "--host", "0.0.0.0"]
    done = subprocess.run([*COMMAND, *wrong], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2, done.stderr
    assert "this machine only" in done.stderr
    assert record.read(home) is None


def test_what_only_a_parent_may_say_is_refused(home: Path, environment: dict[str, str]) -> None:
    said = ["serve", "--home", str(home), "--share", "{}"]
    done = subprocess.run([*COMMAND, *said], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "--share" in done.stderr
