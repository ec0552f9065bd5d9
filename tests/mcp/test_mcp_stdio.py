"""`recollect mcp` as clients start it: a process of its own that says nothing but the protocol, and ends when asked."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from tests.mcp.conftest import ERAS, Caller, ids_in
from tests.server.conftest import COMMAND, Start, plain_environment

START = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


@asynccontextmanager
async def connected(home: Path, folder: Path, mode: str, *arguments: str) -> AsyncIterator[Caller]:
    folder.mkdir(exist_ok=True)
    command = [*COMMAND[1:], "mcp", "--home", str(home), *arguments]
    server = StdioServerParameters(command=sys.executable, args=command, env=plain_environment(), cwd=folder)
    async with Client(stdio_client(server), mode=mode) as client:
        yield Caller(client)


class Process:
    """`recollect mcp`, spoken to by hand."""

    def __init__(self, home: Path, *arguments: str) -> None:
        command = [*COMMAND, "mcp", "--home", str(home), *arguments]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=plain_environment()
        )

    def ask(self, *lines: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture
def process(home: Path) -> Iterator[Process]:
    made = Process(home)
    yield made
    made.process.kill()
    made.process.communicate()


@pytest.mark.parametrize("mode", ERAS)
async def test_the_folder_names_the_project_and_memories_outlive_the_process(
    home: Path, tmp_path: Path, mode: str
) -> None:
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    async with connected(home, tmp_path / "shop", mode) as call:
        kept = await call("add_memory", text="The deploy key lives in vault 7")
        assert "in project `shop`" in kept
    async with connected(home, tmp_path / "other", mode, "--folder", str(tmp_path / "shop")) as call:
        assert ids_in(await call("search_memories", query="deploy key")) == ids_in(kept)
    async with connected(home, tmp_path / "other", mode) as call:
        assert "Nothing is remembered" in await call("search_memories", query="deploy key")
    async with connected(home, tmp_path / "other", mode, "--project", "shop", "--user", "bo") as call:
        assert "Nothing is remembered" in await call("search_memories", query="deploy key")


async def test_beside_a_server_it_leaves_the_jobs_to_it(home: Path, tmp_path: Path, start: Start) -> None:
    server = start()
    async with connected(home, tmp_path / "shop", "auto") as call:
        (name,) = ids_in(await call("add_memory", text="The deploy key lives in vault 7"))
        assert "running True" in next(one for one in (await call("health_check")).splitlines() if "worker" in one)
    with server.client() as client:
        found = client.post("/api/memory/search", json={"query": "deploy key", "project_id": "shop"}).json()
    assert [one["id"] for one in found["data"]["memories"]] == [name]


def test_it_answers_the_first_request_and_ends_with_stdin(process: Process) -> None:
    answer = process.ask(json.dumps(START))
    assert answer["result"]["serverInfo"]["name"] == "recollect"
    out, err = process.process.communicate(timeout=20)
    assert (process.process.returncode, out, err) == (0, b"", b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once(process: Process, number: signal.Signals) -> None:
    process.ask(json.dumps(START))
    process.process.send_signal(number)
    assert process.process.wait(timeout=10) == 0
    assert process.process.stderr is not None
    assert process.process.stderr.read() == b""


def test_what_is_no_protocol_is_answered_or_passed_over(process: Process) -> None:
    process.ask(json.dumps(START))
    ping = {"jsonrpc": "2.0", "id": 7, "method": "ping"}
    deep = "[" * 50_000
    answer = process.ask("not json", "{}", "\x00", deep, '{"jsonrpc":"2.0","id":6}', json.dumps(ping))
    while answer.get("id") != 7:
        assert "error" in answer or "method" in answer
        answer = process.ask()
    assert answer["result"] == {}


def test_a_data_directory_that_cannot_be_used_is_told_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    made = Process(tmp_path / "file")
    out, err = made.process.communicate(timeout=20)
    assert out == b""
    assert err.startswith(b"error: ")
    assert b"Traceback" not in err
    assert made.process.returncode != 0
