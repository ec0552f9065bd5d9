"""Where an assistant keeps its settings on this machine, and how it is told to start recollect."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from recollect.hooks.command import command

NAME: Final = "recollect"
SPECIAL: Final = frozenset('"$`\\!')
"""What a shell reads between double quotes too."""
_MAIN: Final = "from recollect.cli.main import main; main()"


@dataclass(frozen=True, slots=True)
class Machine:
    """The user's environment and system (`sys.platform`), recollect's data directory, its server and its Python."""

    environ: Mapping[str, str]
    platform: str
    data: Path
    python: str
    host: str = "127.0.0.1"
    port: int = 37777
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    @property
    def home(self) -> Path:
        """The user's home directory."""
        names = ("USERPROFILE", "HOME") if self.platform == "win32" else ("HOME",)
        named = next((self.environ[name] for name in names if self.environ.get(name)), None)
        return Path(named) if named else Path.home()

    def folder(self, variable: str, usual: Path) -> Path:
        """Return the directory that a variable of the environment names, else the usual one."""
        named = self.environ.get(variable, "").strip()
        if named.startswith("~/"):
            return self.home / named[2:]
        return Path(named) if named else usual

    def configuration(self) -> Path:
        """Return where command-line programs keep their settings (XDG)."""
        return self.folder("XDG_CONFIG_HOME", self.home / ".config")

    def applications(self) -> Path:
        """Return where programs with windows keep their settings on this system."""
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        if self.platform == "win32":
            return self.folder("APPDATA", self.home / "AppData" / "Roaming")
        return self.configuration()

    def claude(self) -> Path:
        """Return Claude Code's directory, which other assistants read too."""
        return self.folder("CLAUDE_CONFIG_DIR", self.home / ".claude")

    def plugins(self, client: str) -> Path:
        """Return where recollect keeps what it hands to a client."""
        return self.data / "plugins" / client

    def mcp(self) -> list[str]:
        """Return program and arguments of the MCP server."""
        script = Path(self.python).with_name("recollect.exe" if self.platform == "win32" else "recollect")
        start = [str(script)] if script.is_file() else [self.python, "-P", "-c", _MAIN]
        return [*start, "mcp", "--home", str(self.data)]

    def hook(self, client: str, event: str) -> list[str]:
        """Return program and arguments of the hook for an event."""
        here = self.host in {"127.0.0.1", "localhost", "::1"}
        return command(client, event, str(self.data), host="" if here else self.host, port=0 if here else self.port)

    def hook_line(self, client: str, event: str) -> str:
        """Return the hook for an event as one line for the system's shell."""
        return quoted(self.hook(client, event), self.platform)


def quoted(words: Sequence[str], platform: str) -> str:
    """Return program and arguments as one line for the shell of a system, as readable as it can be."""
    if platform == "win32":
        return subprocess.list2cmdline(words)
    return " ".join(shlex.quote(word) if SPECIAL.intersection(word) else _between_quotes(word) for word in words)


def _between_quotes(word: str) -> str:
    return word if shlex.quote(word) == word else f'"{word}"'
