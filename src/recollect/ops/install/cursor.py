"""Cursor: hooks in `~/.cursor/hooks.json`, the MCP server in `~/.cursor/mcp.json`."""

from __future__ import annotations

from typing import Final

from recollect.ops.install import claude_hooks
from recollect.ops.install.machine import NAME, Machine
from recollect.ops.install.wanted import Default, Element, Member, Read, Shared, Wanted

CLIENT: Final = "cursor"
EVENTS: Final = (
    "sessionStart", "beforeSubmitPrompt", "postToolUse", "postToolUseFailure", "afterAgentResponse", "preCompact",
    "stop", "sessionEnd",
)  # fmt: skip


def wanted(machine: Machine, read: Read, hooks: bool = True) -> Wanted:
    """Return what Cursor is to be given; no hooks where it finds ours among Claude Code's."""
    folder = machine.home / ".cursor"
    program, *arguments = machine.mcp()
    server = Shared(folder / "mcp.json", (Member(("mcpServers", NAME), {"command": program, "args": arguments}),))
    if not hooks:
        return Wanted(CLIENT, (server,))
    if claude_hooks.are_there(machine, read):
        return Wanted(CLIENT, (server,), (claude_hooks.told("Cursor", machine),))
    events = [Element(("hooks", event), {"command": machine.hook_line(CLIENT, event)}) for event in EVENTS]
    return Wanted(CLIENT, (Shared(folder / "hooks.json", (Default(("version",), 1), *events)), server))
