"""Renders the plugin for Claude Code: the files of `plugin/claude-code`, with what only this machine can tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from recollect.hooks.command import LAUNCH
from recollect.version import __version__

CLIENT: Final = "claude-code"
MARKETPLACE: Final = "recollect"
PLUGIN: Final = "recollect"
PACKAGE: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = PACKAGE / "plugin" / CLIENT
HOOK: Final = PACKAGE / "hooks" / "post.py"
MAIN: Final = "from recollect.cli.main import main; main()"
USUAL: Final = ("", "127.0.0.1", "localhost", "::1")
"""Hosts that need not be told: on this machine, hooks find the server by the data directory."""


def render(python: str, home: str, host: str = "", port: int = 0) -> dict[str, str]:
    """Return the files of a marketplace with the plugin in it, by path; the same arguments give the same files.

    `python` is the interpreter that hooks and the MCP server run with, `home` the data directory. Host and port are
    written for a server of another machine only.
    """
    files = {
        path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(SOURCE.rglob("*"))
        if path.is_file()
    }
    filled: dict[str, Callable[[Any], Any]] = {
        f"{PLUGIN}/.claude-plugin/plugin.json": lambda manifest: {**manifest, "version": __version__},
        f"{PLUGIN}/hooks/hooks.json": lambda hooks: _hooks(hooks, python, [*_told(home, host, port)]),
        f"{PLUGIN}/.mcp.json": lambda servers: _servers(servers, python, home),
    }
    for path, fill in filled.items():
        files[path] = json.dumps(fill(json.loads(files[path])), indent=2, ensure_ascii=False) + "\n"
    return files


def _told(home: str, host: str, port: int) -> list[str]:
    there = ["--host", host, *(["--port", str(port)] if port else [])] if host not in USUAL else []
    return ["--home", home, "--client", CLIENT, *there]


def _hooks(table: dict[str, Any], python: str, told: list[str]) -> dict[str, Any]:
    """Return the hooks with their commands: program and arguments, so that no shell reads a path."""
    start = ["-I", "-S", "-c", LAUNCH, str(HOOK)]
    hooks = {
        event: [
            {**group, "hooks": [_command(hook, python, [*start, *told, "--event", event]) for hook in group["hooks"]]}
            for group in groups
        ]
        for event, groups in table["hooks"].items()
    }
    return {**table, "hooks": hooks}


def _command(hook: dict[str, Any], python: str, arguments: list[str]) -> dict[str, Any]:
    return {"type": hook["type"], "command": python, "args": arguments, "timeout": hook["timeout"]}


def _servers(table: dict[str, Any], python: str, home: str) -> dict[str, Any]:
    command = {"command": python, "args": ["-P", "-c", MAIN, "mcp", "--home", home]}
    servers = {name: {**server, **command} for name, server in table["mcpServers"].items()}
    return {**table, "mcpServers": servers}
