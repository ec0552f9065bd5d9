"""`recollect verify` and `recollect alerts`, as they are typed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
from tests.cli.conftest import Run

from recollect import Client

COMMAND = [sys.executable, "-c", "from recollect.cli.main import main; main()"]


def test_a_running_server_is_verified_and_left_as_it_was(
    process: Run, recollect: Run, home: Path, tmp_path: Path
) -> None:
    started = process("serve", "--port", "0", "--background", "--json")
    assert started.code == 0, started.err
    try:
        url = started.json["url"]
        told = recollect("verify", "--json", "--quick")
        assert told.code == 0, told.out
        assert told.json["ok"]
        assert told.json["verified"] == url
        steps = {step["name"]: step["status"] for step in told.json["steps"]}
        assert steps["access"] == "ok"
        assert steps["removal"] == "ok"
        assert len(steps) == 10
        without = recollect("verify", "--url", url)
        assert without.code == 1
        failed = [line.split()[1] for line in without.out.splitlines() if line.startswith("fail")]
        assert failed == ["store", "removal"]
        key = tmp_path / "key"
        key.write_text((home / "token").read_text())
        with Client(url, key.read_text().strip()) as client:
            assert client.list(limit=1).memories == ()
            client.add("Alice prefers tabs")
        assert "ok    store" in recollect("verify", "--quick", "--url", url, "--token-file", key).out
    finally:
        recollect("stop")
    assert "Alice prefers tabs" in recollect("list").out


def test_nobody_there_and_a_file_without_a_token(recollect: Run, tmp_path: Path) -> None:
    gone = recollect("verify", "--url", "http://127.0.0.1:1")
    assert (gone.code, "cannot be reached" in gone.out) == (1, True)
    assert recollect("verify", "--url", "nonsense").code == 2
    assert recollect("verify", "--embedded", "--url", "http://x").code == 2
    bad = tmp_path / "key"
    bad.write_bytes(b"two words\xff")
    refused = recollect("verify", "--url", "http://127.0.0.1:1", "--token-file", bad)
    assert (refused.code, "holds no token" in refused.err) == (2, True)


def test_alerts_are_taken_and_written_down(home: Path, compiled: None, recollect: Run) -> None:
    assert "no chat is set" in recollect("alerts", "--try").out
    process = subprocess.Popen([*COMMAND, "alerts", "--port", "0"], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        url = next(word for word in process.stderr.readline().split() if word.startswith("http://"))
        call = {"alerts": [{"status": "firing", "labels": {"alertname": "ServiceDown"}}]}
        assert httpx.post(url, json=call, timeout=30).json() == {"told": [], "failed": []}
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()
    (line,) = (home / "logs" / "alerts.log").read_text().splitlines()
    assert json.loads(line)["alerts"][0]["name"] == "ServiceDown"
