"""`recollect sync` lets nodes in and out, tells how far they are, and holds the exchange."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run


def test_nodes_are_let_in_listed_and_shut_out(recollect: Run) -> None:
    secret = recollect("sync", "enrol", "laptop", "--project", "web, crypto-*").out.strip()
    assert secret.startswith("node_")
    assert len(secret) > 40
    told = recollect("sync", "nodes", "--json").json["nodes"]
    assert told == [{"name": "laptop", "projects": ["web", "crypto-*"], "last_seen": None}]
    assert secret not in recollect("sync", "nodes").out
    again = recollect("sync", "enrol", "laptop")
    assert (again.code, "laptop already" in again.err) == (1, True)
    assert recollect("sync", "revoke", "laptop").code == 0
    assert recollect("sync", "revoke", "laptop").code == 3
    assert recollect("sync", "enrol", "no/name").code == 2


def test_status_tells_the_role_and_pausing_holds(recollect: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert recollect("sync", "status", "--json").json["role"] == "alone"
    monkeypatch.setenv("NODE_ROLE", "agent")
    assert recollect("sync", "pause").out == "paused\n"
    assert recollect("sync", "--json").json["paused"] is True
    assert recollect("sync", "resume", "--json").json == {"paused": False}
    assert recollect("sync", "status", "--json").json["paused"] is False


def test_without_a_center_now_says_what_to_set(recollect: Run, home: Path) -> None:
    done = recollect("sync", "now")
    assert done.code == 2
    assert "node.center" in done.err


def test_a_center_that_is_not_there_is_told_and_kept_in_the_status(
    recollect: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ROLE", "agent"), ("CENTER", "http://127.0.0.1:9"), ("TOKEN", "node_x")):
        monkeypatch.setenv(f"RECOLLECT_NODE__{name}", value)
    recollect("add", "kept while away", "--user", "alice")
    done = recollect("sync", "now")
    assert (done.code, "cannot be reached" in done.err) == (5, True)
    told = recollect("sync", "status", "--json").json
    assert told["to_send"] >= 1
    assert "cannot be reached" in told["error"]
    assert "node_x" not in str(told) + done.err
