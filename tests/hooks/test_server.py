"""Hooks and real servers: up, down, killed in between, started by ten sessions at once."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.hooks.conftest import Hook
from tests.server.conftest import Server, Start, is_ready, plain_environment, start, until

from recollect.hooks import spool, wake
from recollect.hooks.arguments import Asked
from recollect.server import record

__all__ = ["start"]  # a fixture


def told(n: int) -> tuple[str, dict[str, Any]]:
    """Return the n-th event of a session: prompts and tool calls by turns."""
    common = {"session_id": "s1", "cwd": "/home/dev/project", "prompt_id": f"p{n}"}
    if n % 3 == 0:
        return "UserPromptSubmit", {**common, "prompt": f"Please have a look at the module number {n:04}"}
    call = {"tool_name": "Bash", "tool_input": {"command": f"make part{n:04}"}, "tool_use_id": f"t{n}"}
    return "PostToolUse", {**common, **call, "tool_response": {"stdout": "done", "stderr": ""}}


def kept(server: Server, count: int) -> list[str]:
    """Return the turns of the session in order, as soon as so many are there."""

    def turns() -> list[str]:
        with server.client() as client:
            found = client.get("/api/conversations/s1", params={"limit": 1000})
        return [turn["content"] for turn in found.json().get("turns", ())]

    until(lambda: len(turns()) >= count, f"{count} turns were kept, not {len(turns())}")
    return turns()


def numbers(texts: list[str]) -> list[int]:
    return [int("".join(sign for sign in text if sign.isdigit())[:4]) for text in texts]


def is_delivered(home: Path) -> bool:
    return not spool.pending(spool.folder(str(home)))


def test_with_a_server_every_event_is_kept_in_order(hook: Hook, start: Start, home: Path) -> None:
    server = start()
    for n in range(12):
        hook(*told(n))
    assert numbers(kept(server, 12)) == list(range(12))
    assert not (home / "spool").exists()


def test_what_happened_without_a_server_is_delivered_by_the_next_in_order_and_once(
    hook: Hook, start: Start, home: Path
) -> None:
    for n in range(9):
        hook(*told(n))
    copies = {path.name: path.read_bytes() for path in (home / "spool").iterdir()}
    server = start()
    assert numbers(kept(server, 9)) == list(range(9))
    assert is_delivered(home)
    for name, content in copies.items():  # as if the server had been killed before it removed them
        (home / "spool" / name).write_bytes(content)
    until(lambda: is_delivered(home), "they were delivered again")
    server.end()
    server = start()
    assert numbers(kept(server, 9)) == list(range(9))


def test_a_server_that_is_killed_in_between_loses_nothing_and_nothing_comes_twice(
    hook: Hook, start: Start, home: Path
) -> None:
    server = start()
    for n in range(45):
        if n == 15:
            server.process.kill()
        if n == 30:
            server = start()
        hook(*told(n))
    until(lambda: is_delivered(home), "the spool was empty")
    assert numbers(kept(server, 45)) == list(range(45))
    assert not (home / "spool" / "failed").exists()


@pytest.mark.slow
def test_a_thousand_events_are_all_there_in_order(hook: Hook, start: Start, home: Path) -> None:
    server = start()
    for n in range(1000):
        hook(*told(n))
    until(lambda: is_delivered(home), "the spool was empty")
    assert numbers(kept(server, 1000)) == list(range(1000))


def test_events_of_many_sessions_at_once_are_all_there(hook: Hook, start: Start, home: Path) -> None:
    server = start()
    events = []
    for n in range(60):
        event, payload = told(n)
        process = hook.begin(event)
        assert process.stdin is not None
        process.stdin.write(json.dumps(payload).encode())
        process.stdin.close()
        events.append(process)
    for process in events:
        assert process.wait(30) == 0
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()
    until(lambda: is_delivered(home), "the spool was empty")
    assert sorted(numbers(kept(server, 60))) == list(range(60))


@pytest.fixture
def ending(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let hooks start servers on a free port, and end them."""
    for name, value in plain_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RECOLLECT_SERVER__PORT", "0")
    yield
    for pid in servers(home):
        os.kill(pid, signal.SIGKILL)


def servers(home: Path) -> list[int]:
    """Return the servers of a data directory."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"serve" in words and str(home).encode() in words:
            found.append(int(place.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="servers are counted by /proc")
def test_ten_sessions_that_start_at_once_start_one_server(hook: Hook, home: Path, ending: None) -> None:
    started = {"hook_event_name": "SessionStart", "source": "startup", "cwd": "/home/dev/project"}
    began = time.monotonic()
    processes = [hook.begin("SessionStart") for _ in range(10)]
    for n, process in enumerate(processes):
        assert process.stdin is not None
        process.stdin.write(json.dumps({**started, "session_id": f"s{n}"}).encode())
        process.stdin.close()
    for process in processes:
        assert process.wait(20) == 0
        assert process.stdout is not None
        assert process.stderr is not None
        assert (process.stdout.read(), process.stderr.read()) == (b"", b"")
        process.stdout.close()
        process.stderr.close()
    assert time.monotonic() - began < 8  # nobody waits for a server that takes its time
    found = until(lambda: record.running(home), "a server runs")
    until(lambda: is_ready(found.url), "it is ready")
    assert servers(home) == [found.pid]
    until(lambda: is_delivered(home), "the events that began were delivered")
    assert not (home / "spool" / "failed").exists()
    hook("SessionStart", {**started, "session_id": "later"})
    assert servers(home) == [found.pid]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="servers are counted by /proc")
def test_after_a_server_was_killed_the_next_session_starts_another(hook: Hook, home: Path, ending: None) -> None:
    started = {"hook_event_name": "SessionStart", "source": "startup", "session_id": "s1", "cwd": "/home/dev/project"}
    hook("SessionStart", started)
    found = until(lambda: record.running(home), "a server runs")
    until(lambda: is_ready(found.url), "it is ready")
    os.kill(found.pid, signal.SIGKILL)
    until(lambda: record.running(home) is None, "it is gone")
    until(lambda: not wake.is_coming(str(home)), "nobody takes it for one that is coming up")
    hook("SessionStart", started)
    other = until(lambda: record.running(home), "another server runs")
    assert other.pid != found.pid
    until(lambda: is_ready(other.url), "it is ready")


def test_other_events_start_no_server_and_nor_does_one_that_may_not(hook: Hook, home: Path, ending: None) -> None:
    for event in ("UserPromptSubmit", "PostToolUse", "Stop", "SessionEnd"):
        hook(event)
    hook("SessionStart", {"session_id": "s1"}, "--no-start")
    assert not (home / wake.MARK).exists()
    assert servers(home) == []


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The homes for which a server would have been started, instead of servers."""
    homes: list[str] = []

    def begin(asked: Asked) -> int:
        homes.append(asked.home)
        return os.getpid()

    monkeypatch.setattr(wake, "_started", begin)
    return homes


def test_a_start_that_led_to_nothing_is_tried_again(home: Path, begun: list[str]) -> None:
    asked = Asked({"event": "SessionStart", "home": str(home)})
    wake.start(asked)
    wake.start(asked)
    assert begun == [str(home)]
    mark = home / wake.MARK
    os.utime(mark, (time.time() - 60, time.time() - 60))
    wake.start(asked)
    assert len(begun) == 2
    mark.write_text("999999999")  # no process has this number
    assert not wake.is_coming(str(home))
    with ThreadPoolExecutor(20) as many:
        list(many.map(wake.start, [asked] * 60))
    assert len(begun) == 3
    assert sorted(path.name for path in home.iterdir()) == [wake.MARK]
    os.utime(mark, (time.time() + 3600, time.time() + 3600))  # a clock that was set back keeps nothing from starting
    assert not wake.is_coming(str(home))


def test_a_turn_that_nobody_ended_keeps_no_start_from_being_tried_again(home: Path, begun: list[str]) -> None:
    asked = Asked({"event": "SessionStart", "home": str(home)})
    home.mkdir()
    (home / wake.MARK).write_text("999999999")  # no process has this number
    turn = home / f"{wake.MARK}.turn"
    turn.touch()
    wake.start(asked)
    assert not begun  # somebody else is at it
    os.utime(turn, (time.time() - 60, time.time() - 60))
    wake.start(asked)
    assert not turn.exists()
    wake.start(asked)
    assert begun == [str(home)]
    assert [path.name for path in home.iterdir()] == [wake.MARK]
