"""Finds out whether Claude Code's settings hold our hooks already: other editors run those too."""

from __future__ import annotations

from recollect.ops.install.enter import mentions_hook
from recollect.ops.install.json_edit import Misplaced, Text
from recollect.ops.install.json_read import Broken
from recollect.ops.install.machine import Machine
from recollect.ops.install.wanted import Read


def are_there(machine: Machine, read: Read) -> bool:
    """Tell whether `settings.json` of Claude Code names our hook among its own hooks (not those of plugins)."""
    data = read(machine.claude() / "settings.json")
    if not data or not data.strip():
        return False
    try:
        said = Text(data.decode("utf-8").removeprefix("\ufeff")).value()
    except (UnicodeDecodeError, Broken, Misplaced):
        return False
    return mentions_hook(said.get("hooks"))


def told(client: str, machine: Machine) -> str:
    """Return what the user is told when hooks are left out because of them."""
    return (
        f"{machine.claude() / 'settings.json'} holds recollect's hooks, which {client} runs too: no hooks are added "
        "here, or everything would be captured twice."
    )
