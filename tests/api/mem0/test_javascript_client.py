"""Mem0's unmodified JavaScript client does its whole documented round against this server, run by node."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.api.mem0.conftest import Live
from tests.api.mem0.round import DIALOGUE, USER

ROUND = Path(__file__).with_name("round.mjs")
ROOT = Path(__file__).resolve().parents[3]
VERSION = "3.3.1"
KEPT = ROOT / ".venv" / ".npm" / f"mem0ai-{VERSION}"
INSTALL = ("install", f"mem0ai@{VERSION}", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund")
OLDEST = 18
"""The first node with a `fetch` of its own."""


def installed() -> Path:
    """Return where the npm package lies, fetched once; skip where node, npm or the registry is not there."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not on this machine")
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(told.lstrip("v").split(".")[0]) < OLDEST:
        pytest.skip(f"node is {told.strip()}, older than {OLDEST}")
    if not KEPT.is_dir():
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        fetched = Path(tempfile.mkdtemp(dir=KEPT.parent))
        # What its other half wants (databases, models) are peers, and left out.
        command = [npm, *INSTALL, "--legacy-peer-deps", "--prefix", str(fetched)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
        if done.returncode:
            shutil.rmtree(fetched)
            pytest.skip(f"npm could not fetch mem0ai: {done.stderr[-300:]}")
        with suppress(OSError):  # another test was first
            fetched.rename(KEPT)
        shutil.rmtree(fetched, ignore_errors=True)
    return KEPT / "node_modules" / "mem0ai" / "dist" / "index.mjs"


async def test_the_round_of_the_javascript_client(live: Live, tmp_path: Path) -> None:
    package = await asyncio.to_thread(installed)
    env = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    env |= {"MEM0_TELEMETRY": "false", "MEM0_DIR": str(tmp_path / "mem0"), "HOME": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        *("node", str(ROUND), package.as_uri(), live.url, live.key),
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    told: dict[str, Any] = json.loads(out.decode().splitlines()[-1])
    assert told["tried"] == []
    remembered(told)
    tended(told)
    looked_around(told)
    forgotten(told)


def remembered(told: dict[str, Any]) -> None:
    texts = [message["content"] for message in DIALOGUE]
    assert told["identity"] == ["recollect", "default"]
    assert told["add"]["status"] == "PENDING"
    assert told["event"]["status"] == "SUCCEEDED"
    assert [one["memory"] for one in told["event"]["results"]] == texts
    assert [one["event"] for one in told["verbatim"]["results"]] == ["ADD"]
    best = told["search"]["results"][0]
    assert (best["memory"], best["userId"], best["appId"], best["runId"]) == (texts[0], USER, "shop", "r/1")
    assert best["metadata"] == {"food_topic": "diet"}
    assert 0.1 <= best["score"] <= 1
    assert [one["memory"] for one in told["narrow"]["results"]] == ["The flat has a red door"]
    assert told["all"]["count"] == 3
    assert [one["memory"] for one in told["page"]["results"]] == [texts[0]]
    assert told["loose"]["raised"] == "ValidationError"
    assert told["toplevel"]["raised"] == "Error"


def tended(told: dict[str, Any]) -> None:
    assert told["get"]["agentId"] == "bot"
    assert told["update"]["memory"] == "The flat has a blue door"
    assert told["update"]["metadata"] == {"room_name": "hall"}
    assert told["expire"]["expirationDate"] == "2026-12-31"
    assert told["feedback"]["feedback"] == "POSITIVE"
    assert [one["event"] for one in told["history"]] == ["ADD", "UPDATE", "UPDATE"]
    assert told["batchUpdate"]["message"] == "Successfully updated 2 memories"
    assert told["batchDelete"]["message"] == "Successfully deleted 1 memories"
    assert told["delete"] == {"message": "Memory deleted successfully!", "cascadeCount": 0}
    assert told["gone"]["raised"] == "MemoryNotFoundError"


def looked_around(told: dict[str, Any]) -> None:
    found = {(one["type"], one["name"]): one["totalMemories"] for one in told["users"]["results"]}
    assert found == {("user", USER): 1, ("app", "shop"): 1, ("run", "r/1"): 1}
    assert told["users"]["totalUsers"] == 1
    assert [one["memory"] for one in told["exported"]["memories"]] == [DIALOGUE[0]["content"]]
    assert told["project"] == {"customInstructions": None}
    assert told["projectKept"]["multilingual"] is True
    assert told["webhooks"] == []
    for name in ("projectTold", "webhook", "profileMade"):
        assert told[name]["raised"] == "ValidationError"
        assert "not_enabled" in told[name]["text"]
    assert told["profile"]["status"] == "not_enabled"
    assert told["profileSettings"]["enabled"] is False


def forgotten(told: dict[str, Any]) -> None:
    assert told["nobody"]["raised"] == "ValidationError"
    assert [one["memory"] for one in told["left"]["results"]] == ["Bo keeps bees"]
    assert told["deleteRun"]["message"] == "Entity deleted successfully."
    assert told["deleteOld"]["message"] == "Entity deleted successfully!"
    assert [one["name"] for one in told["then"]["results"]] == ["bo"]
    assert told["deleteUsers"]["message"] == "All users, agents, apps and runs deleted."
    assert told["after"]["results"] == []
