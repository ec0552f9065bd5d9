"""The clients recollect can be installed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from recollect.ops.install import (
    claude_code,
    claude_desktop,
    codex,
    cursor,
    gemini,
    openclaw,
    opencode,
    vscode,
)
from recollect.ops.install.machine import Machine
from recollect.ops.install.wanted import Read, Wanted

CLIENTS: Final[Mapping[str, Callable[[Machine, Read, bool], Wanted]]] = {
    "claude-code": claude_code.wanted,
    "codex": codex.wanted,
    "gemini": gemini.wanted,
    "cursor": cursor.wanted,
    "vscode": vscode.wanted,
    "opencode": opencode.wanted,
    "openclaw": openclaw.wanted,
    "claude-desktop": claude_desktop.wanted,
}
"""What each client is to be given, by its name; the last argument says whether hooks are wanted."""
