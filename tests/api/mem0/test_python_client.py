"""Mem0's unmodified Python clients, sync and async, do their whole documented round against this server."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.api.mem0.conftest import Live
from tests.api.mem0.round import DIALOGUE, USER

ROUND = Path(__file__).with_name("round.py")


async def played(live: Live, way: str, folder: Path) -> dict[str, Any]:
    """Return what every step of the round came to."""
    kept = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    env |= {"MEM0_TELEMETRY": "False", "MEM0_DIR": str(folder / "mem0"), "HOME": str(folder)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROUND), way, live.url, live.key),
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    told: dict[str, Any] = json.loads(out.decode().splitlines()[-1])
    return told


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_the_round_of_a_python_client(live: Live, way: str, tmp_path: Path) -> None:
    told = await played(live, way, tmp_path)
    remembered(told)
    tended(told)
    looked_around(told)
    forgotten(told)
    assert told["wrong_key"].startswith("Error: ")
    assert told["telemetry"] == {"tried": [], "posthog": False}


def remembered(told: dict[str, Any]) -> None:
    texts = [message["content"] for message in DIALOGUE]
    assert told["add"].keys() == {"message", "status", "event_id"}
    assert told["add"]["status"] == "PENDING"
    assert (told["event"]["status"], told["event"]["event_type"]) == ("SUCCEEDED", "ADD")
    assert [one["memory"] for one in told["event"]["results"]] == texts
    assert [one["event"] for one in told["event"]["results"]] == ["ADD", "ADD"]
    (verbatim,) = told["verbatim"]["results"]
    assert told["verbatim"]["status"] == "SUCCEEDED"
    assert (verbatim["data"], verbatim["event"]) == ({"memory": "The flat has a red door"}, "ADD")
    best = told["search"]["results"][0]
    assert best["memory"] == texts[0]
    assert (best["user_id"], best["app_id"], best["run_id"]) == (USER, "shop", "r/1")
    assert best["metadata"] == {"topic": "food"}
    assert 0.1 <= best["score"] <= 1
    assert best["score_breakdown"].keys() == {"semantic", "bm25", "entity"}
    assert [one["memory"] for one in told["narrow"]["results"]] == ["The flat has a red door"]
    assert all(one["score"] >= 1 for one in told["strict"]["results"])
    assert [one["memory"] for one in told["all"]["results"]] == ["The flat has a red door", texts[1], texts[0]]
    assert (told["all"]["count"], told["all"]["next"], told["all"]["previous"]) == (3, None, None)
    assert [one["memory"] for one in told["page"]["results"]] == [texts[0]]
    assert "page=1" in told["page"]["previous"]
    assert told["late"]["count"] == 4
    assert told["late"]["results"][0]["expiration_date"] == "2026-01-31"
    assert [one.keys() for one in told["fields"]["results"]] == [{"id", "memory"}] * 3
    assert told["loose"]["raised"] == "ValidationError"
    assert "user_id" in told["loose"]["text"]
    assert told["odd"]["raised"] == "ValidationError"
    assert "'like'" in told["odd"]["text"]
    assert told["toplevel"]["raised"] == "ValueError"


def tended(told: dict[str, Any]) -> None:
    assert told["get"]["memory"] == "The flat has a red door"
    assert told["get"]["agent_id"] == "bot"
    assert told["update"]["memory"] == "The flat has a blue door"
    assert told["update"]["metadata"] == {"room": "hall"}
    assert told["expire"]["expiration_date"] == "2026-12-31"
    assert told["endless"]["expiration_date"] is None
    assert told["endless"]["timestamp"].startswith("2026-02-02")
    assert (told["feedback"]["feedback"], told["feedback"]["feedback_reason"]) == ("POSITIVE", "right")
    events = [(one["event"], one["old_memory"], one["new_memory"]) for one in told["history"]]
    red, blue = "The flat has a red door", "The flat has a blue door"
    assert events == [("ADD", None, red), ("UPDATE", red, blue), ("UPDATE", blue, blue), ("UPDATE", blue, blue)]
    assert told["batch_update"]["message"] == "Successfully updated 2 memories"
    assert told["batch_delete"]["message"] == "Successfully deleted 1 memories"
    assert told["delete"]["message"] == "Memory deleted successfully!"
    assert told["gone"] == {"raised": "MemoryNotFoundError", "text": told["gone"]["text"]}
    assert "Memory not found!" in told["gone"]["text"]
    assert told["never"]["raised"] == "ValidationError"


def looked_around(told: dict[str, Any]) -> None:
    found = {(one["type"], one["name"]): one["total_memories"] for one in told["users"]["results"]}
    assert found == {("user", USER): 2, ("app", "shop"): 1, ("run", "r/1"): 1}
    assert told["users"]["total_users"] == 1
    assert told["export"].keys() >= {"id", "message"}
    assert [one["memory"] for one in told["exported"]["memories"]] == [DIALOGUE[0]["content"]]
    assert told["exported_again"]["memories"] == told["exported"]["memories"]
    assert told["exported"]["schema_applied"] is False
    assert told["summary"] == []
    assert told["project"] == {"name": "default", "multilingual": True}
    assert told["project_kept"]["multilingual"] is True
    assert told["members"]["members"] == [{"username": "owner", "role": "OWNER"}]
    assert told["get_project"] == {"custom_categories": None}
    assert told["webhooks"] == []
    for name in ("project_told", "webhook", "profile_made"):
        assert told[name]["raised"] == "ValidationError"
        assert "not enabled" in told[name]["text"]
    assert (told["profile"]["status"], told["profile"]["profile"]) == ("not_enabled", None)
    assert told["stranger"]["raised"] == "MemoryNotFoundError"
    assert told["profile_settings"]["enabled"] is False
    assert told["chat"]["raised"] == "NotImplementedError"


def forgotten(told: dict[str, Any]) -> None:
    assert told["nobody"]["raised"] == "ValidationError"
    assert told["delete_all"].keys() == {"message", "event_id"}
    assert [one["memory"] for one in told["left"]["results"]] == ["Bo keeps bees"]
    assert told["delete_run"]["message"] == "Entity deleted successfully."
    assert [one["name"] for one in told["then"]["results"]] == ["bo"]
    assert told["reset"]["message"].startswith("Client reset successful")
    assert told["after"]["results"] == []
