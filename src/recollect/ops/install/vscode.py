"""VS Code with Copilot: a file of our own among its hooks, and the MCP server in the user's `mcp.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from recollect.ops.install import claude_hooks
from recollect.ops.install.machine import NAME, Machine
from recollect.ops.install.wanted import Member, Owned, Read, Shared, Wanted

CLIENT: Final = "vscode"
EVENTS: Final = ("SessionStart", "UserPromptSubmit", "PostToolUse", "SubagentStop", "PreCompact", "Stop")
TIMEOUT: Final = 30


def wanted(machine: Machine, read: Read, hooks: bool = True) -> Wanted:
    """Return what VS Code is to be given; no hooks where it finds ours among Claude Code's."""
    program, *arguments = machine.mcp()
    server = {"type": "stdio", "command": program, "args": arguments}
    settings = Shared(_user(machine) / "mcp.json", (Member(("servers", NAME), server),))
    if not hooks:
        return Wanted(CLIENT, (settings,))
    if claude_hooks.are_there(machine, read):
        return Wanted(CLIENT, (settings,), (claude_hooks.told("VS Code", machine),))
    place = machine.folder("COPILOT_HOME", machine.home / ".copilot") / "hooks" / f"{NAME}.json"
    return Wanted(CLIENT, (Owned(place, _hooks(machine)), settings))


def _hooks(machine: Machine) -> str:
    events = {
        event: [{"type": "command", "command": machine.hook_line(CLIENT, event), "timeout": TIMEOUT}]
        for event in EVENTS
    }
    return json.dumps({"version": 1, "hooks": events}, ensure_ascii=False, indent=2) + "\n"


def _user(machine: Machine) -> Path:
    portable = machine.environ.get("VSCODE_PORTABLE")
    if portable:
        return Path(portable) / "user-data" / "User"
    return machine.folder("VSCODE_APPDATA", machine.applications()) / "Code" / "User"
