"""How a server starts: whom it lets in, what it refuses, and what it waits for."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.server.conftest import COMMAND, Start, is_ready, until

from recollect import AsyncMemory
from recollect.server import record, token
from recollect.server.private import create_private, write_private
from recollect.stores.sql.database import Database, prepare_home
from recollect.stores.sql.migrate import upgrade


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_a_token_that_only_its_owner_can_read(home: Path, start: Start, no_umask: object) -> None:
    server = start()
    secret = token.read(home)
    assert secret is not None
    assert secret.startswith("rec_")
    assert len(secret) == 4 + 43  # 256 bits in base64
    assert mode_of(home / "token") == mode_of(home / "server.json") == 0o600
    assert mode_of(home) == 0o700
    with httpx.Client(base_url=server.url) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/api/jobs").status_code == 401
        assert client.get("/api/jobs", headers={"Authorization": f"Token {secret}"}).status_code == 200
    server.end()
    with contextlib.closing(sqlite3.connect(home / "recollect.db")) as door:
        digests = [digest for (digest,) in door.execute("SELECT digest FROM token")]
    assert digests == [hashlib.sha256(secret.encode()).hexdigest()]
    others = [path for path in home.rglob("*") if path.is_file() and path.name != "token"]
    assert [path for path in others if secret.encode() in path.read_bytes()] == []


def test_the_token_stays_and_one_that_was_lost_is_replaced(home: Path, start: Start) -> None:
    start().end()
    first = token.read(home)
    start().end()
    assert token.read(home) == first
    (home / "token").unlink()
    server = start()
    assert token.read(home) not in {None, first}
    with httpx.Client(base_url=server.url) as client:
        assert client.get("/api/jobs", headers={"X-API-Key": str(first)}).status_code == 401
        assert client.get("/api/jobs", headers={"X-API-Key": str(token.read(home))}).status_code == 200


def test_a_private_file_is_whole_and_private_whatever_was_there(tmp_path: Path, no_umask: object) -> None:
    path = tmp_path / "token"
    assert create_private(path, "one")
    assert not create_private(path, "two")
    assert (path.read_text(), mode_of(path)) == ("one", 0o600)
    path.chmod(0o666)
    write_private(path, "three")
    assert (path.read_text(), mode_of(path)) == ("three", 0o600)
    assert [one.name for one in tmp_path.iterdir()] == ["token"]


async def test_an_empty_or_foreign_token_file_is_made_good(home: Path) -> None:
    async with AsyncMemory(home, settings={"embedder": {"provider": "none"}}) as memory:
        tokens, clock = memory.app.tokens, memory.app.engine._clock
        (home / "token").write_text("\n")
        await token.ensure(home, tokens, clock)
        made = token.read(home)
        assert made is not None
        (home / "token").write_text("rec_given-by-hand\n")
        await token.ensure(home, tokens, clock)
        assert [held.digest for held in await tokens.list()] == [hashlib.sha256(b"rec_given-by-hand").hexdigest()]


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_without_auth_it_says_so_loudly_and_lets_in(home: Path, start: Start) -> None:
    server = start("--no-auth", "--port", "0")
    assert httpx.get(f"{server.url}/api/jobs").status_code == 200
    assert not (home / "token").exists()
    code, _, said = server.end()
    assert code == 0
    assert "WARNING" in said
    assert "--no-auth" in said


def test_without_auth_not_every_page_may_call(home: Path, environment: dict[str, str]) -> None:
    environment["RECOLLECT_SERVER__ORIGINS"] = "*"
    done = run(environment, "serve", "--home", str(home), "--port", "0", "--no-auth")
    assert done.returncode == 2
    assert "server.origins" in done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_auth_nobody_else_may_reach_it(home: Path, environment: dict[str, str], host: str) -> None:
    done = run(environment, "serve", "--home", str(home), "--port", "0", "--no-auth", "--host", host)
    assert done.returncode == 2
    assert "this machine only" in done.stderr
    assert not (home / "server.json").exists()


def test_on_another_address_it_asks_for_a_token(start: Start) -> None:
    server = start("--host", "0.0.0.0", "--port", "0")
    assert server.url.startswith("http://127.0.0.1:")
    assert httpx.get(f"{server.url}/api/jobs").status_code == 401
    assert httpx.get(f"{server.url}/api/jobs", headers=server.headers).status_code == 200


def test_a_port_that_is_taken_is_refused_with_a_clear_line(home: Path, environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(environment, "serve", "--home", str(home), "--port", str(port))
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "server.json").exists()


def test_an_address_that_is_none_is_refused(home: Path, environment: dict[str, str]) -> None:
    done = run(environment, "serve", "--home", str(home), "--host", "no.such.host.invalid")
    assert done.returncode == 2
    assert "no.such.host.invalid" in done.stderr


def test_a_damaged_store_ends_the_start_with_a_clear_line(home: Path, environment: dict[str, str]) -> None:
    home.mkdir()
    (home / "recollect.db").write_bytes(b"this is no database, and longer than a header" * 100)
    done = run(environment, "serve", "--home", str(home), "--port", "0")
    assert done.returncode == 1
    assert "not a recollect database" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "server.json").exists()


def test_a_second_server_shares_the_data_directory(home: Path, start: Start) -> None:
    first = start()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    second = start("--port", str(port), ready=False)
    second.url = f"http://127.0.0.1:{port}"
    until(lambda: is_ready(second.url), "the second server was ready")
    with first.client() as one, second.client() as other:
        done = one.post("/api/memory/add", json={"content": "Alice prefers tabs", "user_id": "alice"})
        assert done.status_code in {200, 201}, done.text
        found = other.post("/api/memory/search", json={"query": "tabs", "user_id": "alice"}).json()
        assert [hit["content"] for hit in found["data"]["memories"]] == ["Alice prefers tabs"]
    known = record.running(home)
    assert known is not None
    assert known.pid == first.process.pid
    code, _, said = second.end()
    assert (code, first.url in said) == (0, True)
    assert record.running(home) == known


def first_form(home: Path) -> None:
    """Make a store in its first form, so that a start has something to write."""
    prepare_home(home)
    database = Database(home / "recollect.db")
    upgrade(database, to="0001")
    database.close_now()


def test_while_the_store_is_locked_it_lives_and_waits(home: Path, start: Start) -> None:
    first_form(home)
    with contextlib.closing(sqlite3.connect(home / "recollect.db", isolation_level=None)) as door:
        door.execute("BEGIN EXCLUSIVE")
        server = start(ready=False)
        found = until(lambda: record.running(home), "the file was written")
        url = found.url
        until(lambda: httpx.get(f"{url}/health/live").status_code == 200, "it answered")
        assert httpx.get(f"{url}/health/ready").status_code == 503
        early = httpx.get(f"{url}/api/jobs", headers={"X-API-Key": "any"})
        assert (early.status_code, early.json()["error"]["code"]) == (503, "starting")
        assert early.headers["retry-after"] == "1"
        door.execute("COMMIT")
    until(lambda: is_ready(url), "it was ready")
    assert server.end()[0] == 0


def test_stopping_does_not_wait_for_a_locked_store(home: Path, start: Start) -> None:
    first_form(home)
    with contextlib.closing(sqlite3.connect(home / "recollect.db", isolation_level=None)) as door:
        door.execute("BEGIN EXCLUSIVE")
        server = start(ready=False)
        until(lambda: record.running(home), "the file was written")
        code, took, said = server.end()
        assert (code, took < 8) == (0, True), said


def test_an_embedder_that_does_not_answer_is_not_waited_for_without_end(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = start(
            embedder__provider="openai",
            embedder__base_url=f"http://127.0.0.1:{silent.getsockname()[1]}/v1",
            embedder__dimension=8,
            server__patience=0.5,
        )
        with server.client() as client:
            assert client.get("/api/jobs").status_code == 200
        assert server.end()[0] == 0
