"""OpenCode: our plugin in its `plugins` directory, the MCP server in `opencode.json` or `opencode.jsonc`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from recollect.ops.install.machine import NAME, Machine
from recollect.ops.install.shipped import texts
from recollect.ops.install.wanted import Member, Owned, Read, Shared, Wanted

CLIENT: Final = "opencode"


def wanted(machine: Machine, read: Read, hooks: bool = True) -> Wanted:
    """Return what OpenCode is to be given."""
    usual = machine.configuration() / CLIENT
    server = {"type": "local", "command": machine.mcp(), "enabled": True}
    settings = Shared(_settings(machine, usual, read), (Member(("mcp", NAME), server),))
    if not hooks:
        return Wanted(CLIENT, (settings,))
    plugins = machine.folder("OPENCODE_CONFIG_DIR", usual) / "plugins"
    owned = [Owned(plugins / path, text) for path, text in texts(CLIENT, machine).items()]
    return Wanted(CLIENT, (*owned, settings))


def _settings(machine: Machine, folder: Path, read: Read) -> Path:
    """Return the file that is there; `opencode.json` where none is."""
    named = machine.environ.get("OPENCODE_CONFIG", "").strip()
    if named:
        return Path(named)
    names = (folder / "opencode.json", folder / "opencode.jsonc")
    return next((path for path in names if read(path) is not None), names[0])
