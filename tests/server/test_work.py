"""`recollect worker`: does what others left, tells how it is, finishes what it has begun, and ends when it hangs."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import threading
from pathlib import Path

import httpx
from tests.server.conftest import COMMAND, until

from recollect import AsyncMemory
from recollect.server import token
from recollect.server.watchdog import Watchdog

SETTINGS = {"embedder": {"provider": "none"}}
URL = re.compile(r"how it is at (\S+)")


async def left_over(home: Path) -> int:
    """Write without a worker; return how many jobs wait."""
    async with AsyncMemory(home, settings=SETTINGS, worker=False) as memory:
        await memory.capture([{"role": "user", "content": "I prefer tabs."}], conversation_id="c")
        return await memory.app.engine.stores.queue.waiting()


async def waiting(home: Path) -> int:
    async with AsyncMemory(home, settings=SETTINGS, worker=False) as memory:
        return await memory.app.engine.stores.queue.waiting()


def test_it_works_off_what_waits_and_tells_how_it_is(home: Path, environment: dict[str, str]) -> None:
    assert asyncio.run(left_over(home)) > 0
    command = [*COMMAND, "worker", "--home", str(home), "--port", "0"]
    with (home / "said").open("wb") as said:
        process = subprocess.Popen(command, env=environment, stderr=said)
    try:
        found = until(lambda: URL.search((home / "said").read_text()), "the worker came up", 60)
        url, secret = found[1], token.read(home)
        until(lambda: httpx.get(f"{url}/health/ready", timeout=20).status_code == 200, "it is ready")
        assert httpx.get(f"{url}/metrics", timeout=20).status_code == 401
        assert httpx.get(f"{url}/api/jobs", timeout=20, headers={"X-API-Key": str(secret)}).status_code == 404
        headers = {"X-API-Key": str(secret), "Accept": "text/plain"}
        done = re.compile(r'recollect_jobs_done_total\{job="derive",outcome="done"\} 1\.0')
        until(lambda: done.search(httpx.get(f"{url}/metrics", timeout=20, headers=headers).text), "a job was done")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    lines = [json.loads(line) for line in (home / "said").read_text().splitlines() if line.startswith("{")]
    assert [line["metadata"]["derive done"] for line in lines if line["message"] == "Stopped"] == [1]
    assert asyncio.run(waiting(home)) == 0


def test_without_a_port_it_makes_no_token(home: Path, environment: dict[str, str]) -> None:
    command = [*COMMAND, "worker", "--home", str(home), "--quiet"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        assert process.stderr is not None
        assert b"works off jobs" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()
    assert not (home / "token").exists()
    assert "Stopping" in (home / "logs" / "recollect.log").read_text()


def test_a_store_that_cannot_be_opened_is_told_in_one_line(home: Path, environment: dict[str, str]) -> None:
    home.mkdir()
    (home / "recollect.db").write_bytes(b"this is no database, and longer than a header" * 100)
    command = [*COMMAND, "worker", "--home", str(home), "--quiet"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "not a recollect database" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_watchdog_ends_what_gives_no_sign_of_life() -> None:
    ended = threading.Event()
    Watchdog(0.5, ended.set).watch()
    assert ended.is_set()


async def test_a_watchdog_lets_live_what_does() -> None:
    ended = threading.Event()
    dog = Watchdog(2, ended.set)
    beating = asyncio.create_task(dog.beat())
    watching = threading.Thread(target=dog.watch)
    watching.start()
    await asyncio.sleep(2.6)
    dog.stop()
    await asyncio.to_thread(watching.join)
    beating.cancel()
    assert not ended.is_set()
