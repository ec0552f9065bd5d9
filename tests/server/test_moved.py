"""Servers and workers whose store is moved end by themselves, and are on the new one when they are started again."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.server.conftest import COMMAND, Server, Start, until

from recollect.server.exit_code import MOVED
from recollect.stores.sql.database import Database

ENDED = 75


def migrate(home: Path, environment: dict[str, str], *arguments: str) -> None:
    command = [*COMMAND, "migrate", "--home", str(home), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, (done.stdout.decode(), done.stderr.decode())


def keep(server: Server, text: str) -> dict[str, Any]:
    with server.client() as client:
        answer = client.post("/api/memory/add", json={"content": text, "user_id": "mei"})
        assert answer.status_code in {200, 201}, answer.text
        found: dict[str, Any] = answer.json()
        return found


def kept(server: Server) -> str:
    with server.client() as client:
        return client.get("/api/memory/user/mei").text


def ended(process: subprocess.Popen[bytes]) -> str:
    _, said = process.communicate(timeout=60)
    assert process.returncode == ENDED == MOVED, said.decode()
    return said.decode()


def test_a_server_ends_and_is_on_the_new_store_when_it_is_started_again(
    home: Path, start: Start, environment: dict[str, str], tmp_path: Path
) -> None:
    server = start()
    keep(server, "Before")
    migrate(home, environment, "--to", f"sqlite:///{tmp_path / 'new.db'}", "--switch")
    said = ended(server.process)
    assert "was moved to sqlite:///" in said
    assert "exception was never retrieved" not in said
    again = start()
    keep(again, "After")
    assert all(text in kept(again) for text in ("Before", "After"))
    migrate(home, environment, "--back")
    ended(again.process)
    found = kept(start())
    assert all(text in found for text in ("Before", "After"))


@pytest.mark.slow
def test_several_processes_end_with_the_one_that_started_them(
    home: Path, start: Start, environment: dict[str, str], tmp_path: Path
) -> None:
    server = start("--port", "0", "--workers", "2")
    keep(server, "Before")
    migrate(home, environment, "--to", f"sqlite:///{tmp_path / 'new.db'}", "--switch")
    ended(server.process)
    with pytest.raises(httpx.TransportError):
        httpx.get(server.url, timeout=5)


def test_a_worker_ends_too(home: Path, environment: dict[str, str], tmp_path: Path) -> None:
    with (home.parent / "said").open("wb") as said:
        process = subprocess.Popen([*COMMAND, "worker", "--home", str(home)], env=environment, stderr=said)
    try:
        until(lambda: "works off jobs" in (home.parent / "said").read_text(), "the worker came up", 60)
        migrate(home, environment, "--to", f"sqlite:///{tmp_path / 'new.db'}", "--switch")
        assert process.wait(60) == ENDED
    finally:
        process.kill()
        process.wait()
    assert "was moved to sqlite:///" in (home.parent / "said").read_text()


async def test_nobody_hears_of_a_failure_that_nobody_waits_for_any_more(tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: heard.append(told))
    begun, over = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def fails(_connection: object) -> None:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(over.wait(), loop).result()
        raise ValueError

    database = Database(tmp_path / "recollect.db")
    writing = asyncio.create_task(database.write(fails))
    await begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    over.set()
    await database.close()
    del writing
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert heard == []
