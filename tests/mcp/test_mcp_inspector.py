"""The protocol's own Inspector, from its command line, lists and calls the tools over stdio and over HTTP."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.server.conftest import COMMAND, Start, plain_environment

INSPECTOR = shutil.which("mcp-inspector")
pytestmark = pytest.mark.skipif(
    INSPECTOR is None, reason="mcp-inspector is not installed (npm package @modelcontextprotocol/inspector)"
)


def inspect(*arguments: str) -> Any:
    done = subprocess.run(
        [str(INSPECTOR), "--cli", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=plain_environment(),
    )
    return json.loads(done.stdout)


def test_over_stdio(home: Path) -> None:
    serving = [*COMMAND, "mcp", "--home", str(home), "--project", "shop"]
    tools = inspect(*serving, "--method", "tools/list")["tools"]
    assert "search_memories" in {tool["name"] for tool in tools}
    called = inspect(*serving, "--method", "tools/call", "--tool-name", "search_memories", "--tool-arg", "query=zebra")
    assert called["content"][0]["text"] == "Nothing is remembered about that in project `shop`."


def test_over_http(start: Start) -> None:
    server = start()
    token = server.headers["Authorization"]
    address = [f"{server.url}/mcp", "--transport", "http", "--header", f"Authorization: {token}"]
    tools = inspect(*address, "--method", "tools/list")["tools"]
    assert "search_memories" in {tool["name"] for tool in tools}
    called = inspect(*address, "--method", "tools/call", "--tool-name", "health_check")
    assert "recollect" in called["content"][0]["text"]
