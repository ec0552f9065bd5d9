"""The plugin as it is rendered: complete, the same each time, and with the paths of one machine in three files only."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from recollect.agents.claude_plugin import SOURCE, render
from recollect.agents.clients import parse
from recollect.testing.clock import START
from recollect.version import __version__

PYTHON, HOME = "/opt/py thon/bin/python3", '/home/mei/my "memories"'


def document(path: str, **more: Any) -> Any:
    return json.loads(render(PYTHON, HOME, **more)[path])


def test_every_file_is_there_and_the_same_each_time() -> None:
    files = render(PYTHON, HOME)
    assert files == render(PYTHON, HOME)
    shipped = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*") if path.is_file()}
    assert files.keys() == shipped
    named = {path for path, text in files.items() if "mei" in text}
    assert named == {"recollect/hooks/hooks.json", "recollect/.mcp.json"}


def test_every_hook_starts_the_client_without_a_shell() -> None:
    hooks = document("recollect/hooks/hooks.json")["hooks"]
    for event, groups in hooks.items():
        ((hook,),) = [group["hooks"] for group in groups]
        assert (hook["type"], hook["command"]) == ("command", PYTHON)
        assert hook["args"][-6:] == ["--home", HOME, "--client", "claude-code", "--event", event]
        assert hook["args"][4].endswith("post.py")
        assert "async" not in hook, "headless sessions kill what runs beside them"


def test_every_hook_is_one_that_is_understood() -> None:
    payload = {
        "session_id": "s", "cwd": "/w", "prompt": "Fix it.", "tool_name": "Bash", "last_assistant_message": "Done.",
        "compact_summary": "Done.",
    }  # fmt: skip
    for event in document("recollect/hooks/hooks.json")["hooks"]:
        assert parse("claude-code", event, payload, "e", START) is not None, event


@pytest.mark.parametrize(
    ("host", "port", "told"),
    [
        ("", 0, []),
        ("127.0.0.1", 37777, []),
        ("memory.lan", 0, ["--host", "memory.lan"]),
        ("memory.lan", 8080, ["--host", "memory.lan", "--port", "8080"]),
    ],
)
def test_only_a_server_elsewhere_is_named(host: str, port: int, told: list[str]) -> None:
    hook = document("recollect/hooks/hooks.json", host=host, port=port)["hooks"]["Stop"][0]["hooks"][0]
    assert hook["args"][9:-2] == told


def test_manifests_agree() -> None:
    market, plugin = document(".claude-plugin/marketplace.json"), document("recollect/.claude-plugin/plugin.json")
    assert plugin["version"] == __version__
    (entry,) = market["plugins"]
    assert (entry["name"], entry["source"]) == (plugin["name"], "./recollect")
    server = document("recollect/.mcp.json")["mcpServers"]["recollect"]
    assert (server["command"], server["args"][-3:]) == (PYTHON, ["mcp", "--home", HOME])


def test_skills_and_commands_say_what_they_are_for() -> None:
    files = render(PYTHON, HOME)
    found = [path for path in files if path.endswith("SKILL.md") or "/commands/" in path]
    assert len(found) == 5
    for path in found:
        head = re.match(r"---\n(.*?)\n---\n", files[path], re.DOTALL)
        assert head is not None, path
        assert "description: " in head[1]
