"""Codex: hooks in `hooks.json`, the MCP server in `config.toml`, both in `$CODEX_HOME` or `~/.codex`."""

from __future__ import annotations

from typing import Final

from recollect.ops.install.machine import NAME, Machine
from recollect.ops.install.wanted import Element, Owned, Read, Shared, SharedToml, Table, Wanted

CLIENT: Final = "codex"
EVENTS: Final = ("SessionStart", "UserPromptSubmit", "PostToolUse", "SubagentStop", "PreCompact", "PostCompact", "Stop")
TIMEOUT: Final = 30
TRUST: Final = "Codex runs hooks only once you have trusted them: start it and say /hooks."


def wanted(machine: Machine, read: Read, hooks: bool = True) -> Wanted:  # noqa: ARG001 - all clients are asked alike
    """Return what Codex is to be given."""
    folder = machine.folder("CODEX_HOME", machine.home / ".codex")
    program, *arguments = machine.mcp()
    table = Table(("mcp_servers", NAME), {"command": program, "args": arguments})
    files: list[Shared | SharedToml | Owned] = [SharedToml(folder / "config.toml", table)]
    if hooks:
        files.insert(0, Shared(folder / "hooks.json", tuple(_hook(machine, event) for event in EVENTS)))
    return Wanted(CLIENT, tuple(files), (TRUST,) if hooks else ())


def _hook(machine: Machine, event: str) -> Element:
    line = machine.hook_line(CLIENT, event)
    return Element(("hooks", event), {"hooks": [{"type": "command", "command": line, "timeout": TIMEOUT}]})
