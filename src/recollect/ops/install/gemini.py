"""Gemini CLI: hooks and the MCP server in `settings.json` of `~/.gemini` (`$GEMINI_CLI_HOME/.gemini`)."""

from __future__ import annotations

from typing import Final

from recollect.ops.install.machine import NAME, Machine
from recollect.ops.install.wanted import Element, Member, Read, Shared, Wanted

CLIENT: Final = "gemini"
EVENTS: Final = ("SessionStart", "BeforeAgent", "AfterTool", "AfterAgent", "PreCompress", "SessionEnd")
TIMEOUT: Final = 30_000
"""Milliseconds; other clients count seconds."""


def wanted(machine: Machine, read: Read, hooks: bool = True) -> Wanted:  # noqa: ARG001 - all clients are asked alike
    """Return what Gemini CLI is to be given."""
    program, *arguments = machine.mcp()
    server = Member(("mcpServers", NAME), {"command": program, "args": arguments})
    events = EVENTS if hooks else ()
    path = machine.folder("GEMINI_CLI_HOME", machine.home) / ".gemini" / "settings.json"
    return Wanted(CLIENT, (Shared(path, (server, *(_hook(machine, event) for event in events))),))


def _hook(machine: Machine, event: str) -> Element:
    line = machine.hook_line(CLIENT, event)
    hook = {"name": NAME, "type": "command", "command": line, "timeout": TIMEOUT}
    return Element(("hooks", event), {"hooks": [hook]})
