"""OpenClaw: our memory plugin in the data directory, and `openclaw.json` that loads it and gives it the memory slot."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from recollect.ops.install.json_edit import Misplaced, Text
from recollect.ops.install.json_read import Broken
from recollect.ops.install.machine import NAME, Machine
from recollect.ops.install.shipped import texts
from recollect.ops.install.wanted import Element, Member, Owned, Read, Shared, Wanted

CLIENT: Final = "openclaw"
RESTART: Final = "Restart OpenClaw's gateway: `openclaw gateway restart`. Then `/memory status` answers."


def wanted(machine: Machine, read: Read, hooks: bool = True) -> Wanted:
    """Return what OpenClaw is to be given; without hooks the plugin answers `/memory` and captures nothing."""
    plugin = machine.plugins(CLIENT)
    path = _settings(machine)
    entry = {"enabled": True, "hooks": {"allowConversationAccess": hooks}}
    entries: list[Member | Element] = [
        Element(("plugins", "load", "paths"), str(plugin)),
        Member(("plugins", "entries", NAME), entry),
        Member(("plugins", "slots", "memory"), NAME),
    ]
    plugins = _plugins(path, read)
    if isinstance(plugins.get("allow"), list):
        entries.append(Element(("plugins", "allow"), NAME))
    owned = [Owned(plugin / name, text) for name, text in texts(CLIENT, machine).items()]
    return Wanted(CLIENT, (*owned, Shared(path, tuple(entries), five=True)), (*_taken(plugins), RESTART))


def _settings(machine: Machine) -> Path:
    named = machine.environ.get("OPENCLAW_CONFIG_PATH", "").strip()
    home = machine.folder("OPENCLAW_HOME", machine.home)
    return Path(named) if named else machine.folder("OPENCLAW_STATE_DIR", home / ".openclaw") / "openclaw.json"


def _plugins(path: Path, read: Read) -> dict[str, Any]:
    """Return what the settings say of plugins; what is wrong with them is told when they are changed."""
    try:
        said = Text((read(path) or b"").decode("utf-8").removeprefix("\ufeff"), five=True).value()
    except (UnicodeDecodeError, Broken, Misplaced):
        return {}
    found = said.get("plugins")
    return found if isinstance(found, dict) else {}


def _taken(plugins: dict[str, Any]) -> tuple[str, ...]:
    slots = plugins.get("slots")
    owner = slots.get("memory") if isinstance(slots, dict) else None
    if not isinstance(owner, str) or owner == NAME:
        return ()
    return (f"The memory slot belonged to {owner}; `recollect uninstall openclaw` gives it back.",)
