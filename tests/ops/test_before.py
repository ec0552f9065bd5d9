"""What the doctor looks at before a server is started."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from recollect.ops import before
from recollect.ops.check import Check, Status
from recollect.settings import load


def checked(home: Path, **settings: Any) -> dict[str, Check]:
    return {one.name: one for one in before.before(load(home, settings).settings)}


def test_a_port_that_is_taken_is_told(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        taken = checked(home, server={"port": port})["port"]
        assert (taken.status, "ss -ltnp" in taken.remedy) == (Status.WARN, True)
        home.mkdir()
        (home / "server.json").write_text("{}")
        assert checked(home, server={"port": port})["port"].status is Status.OK, "our own server is no stranger"
    assert checked(home, server={"port": 0})["port"].status is Status.OK


def test_a_clock_that_is_wrong_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked(home)["clock"].status is Status.OK
    home.mkdir()
    later = time.time() + 9000
    os.utime(home, (later, later))
    assert checked(home)["clock"].status is Status.WARN
    monkeypatch.setattr(time, "time", lambda: 1_000.0)
    assert checked(home)["clock"].status is Status.FAIL


def test_too_little_memory_is_told(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meminfo = tmp_path / "meminfo"
    monkeypatch.setattr(before, "MEMORY", meminfo)
    for free, status in ((100, Status.WARN), (1200, Status.WARN), (9000, Status.OK)):
        meminfo.write_text(f"MemTotal: 1 kB\nMemAvailable: {free * 1024} kB\n")
        assert checked(home)["resources"].status is status
    meminfo.write_text("nonsense")
    assert checked(home)["resources"].status is Status.OK


def test_an_extra_that_is_asked_for_and_missing_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked(home)["extras"].status is Status.OK
    monkeypatch.setattr(before, "find_spec", lambda name: None)
    found = checked(home, store={"url": "postgresql://x/recollect"}, backup={"passphrase": "x"})["extras"]
    assert (found.status, found.remedy) == (Status.FAIL, "pip install 'recollect[backup,postgres]'")
    assert checked(home)["extras"].status is Status.OK, "what nobody asks for is not missed"


def test_an_endpoint_without_a_key_is_told(home: Path) -> None:
    far = {"provider": "openai", "model": "m", "base_url": "https://api.example.com/v1"}
    assert checked(home, embedder=far)["keys"].status is Status.WARN
    assert checked(home, embedder={**far, "api_key": "k"})["keys"].status is Status.OK
    near = {**far, "base_url": "http://127.0.0.1:8080/v1"}
    assert checked(home, embedder=near)["keys"].status is Status.OK
