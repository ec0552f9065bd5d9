"""Claude Desktop: the MCP server in `claude_desktop_config.json`; it has no hooks."""

from __future__ import annotations

from typing import Final

from recollect.ops.install.machine import NAME, Machine
from recollect.ops.install.wanted import Member, Read, Shared, Wanted

CLIENT: Final = "claude-desktop"
RESTART: Final = "Restart Claude Desktop. It has no hooks: it remembers what you ask it to, and looks up when asked."


def wanted(machine: Machine, read: Read, hooks: bool = True) -> Wanted:  # noqa: ARG001 - all clients are asked alike
    """Return what Claude Desktop is to be given."""
    program, *arguments = machine.mcp()
    path = machine.applications() / "Claude" / "claude_desktop_config.json"
    server = Member(("mcpServers", NAME), {"command": program, "args": arguments})
    return Wanted(CLIENT, (Shared(path, (server,)),), (RESTART,))
