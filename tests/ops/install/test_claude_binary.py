"""The real Claude Code knows our plugin once it is installed, and does not once it is taken out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.ops.install.test_clients import install, uninstall

from recollect.ops.install.machine import Machine

NATIVE = "node_modules/@anthropic-ai/claude-code-linux-x64/claude"
PLACES = (Path(os.environ.get("RECOLLECT_CLAUDE", "")), Path(sys.prefix) / ".claude" / NATIVE)
CLAUDE = next((str(path) for path in PLACES if path.is_file()), "")
pytestmark = pytest.mark.skipif(not CLAUDE, reason="set RECOLLECT_CLAUDE to the native binary of Claude Code")
QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1", "DISABLE_TELEMETRY": "1"}


def claude(machine: Machine, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(machine.home), **QUIET}
    done = subprocess.run(
        [CLAUDE, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.slow
def test_the_plugin_is_listed_and_valid(machine: Machine) -> None:
    settings = machine.home / ".claude" / "settings.json"
    settings.parent.mkdir()
    settings.write_text('{"model": "opus"}\n')
    install("claude-code", machine)
    listed = claude(machine, "plugin", "list")
    assert "recollect@recollect" in listed
    assert "enabled" in listed
    marketplace = machine.data / "plugins" / "claude-code"
    assert "passed" in claude(machine, "plugin", "validate", "--strict", str(marketplace))
    uninstall("claude-code", machine)
    assert "No plugins installed" in claude(machine, "plugin", "list")
    assert settings.read_text() == '{"model": "opus"}\n'


@pytest.mark.slow
def test_what_the_client_itself_writes_stays(machine: Machine) -> None:
    install("claude-code", machine)
    claude(machine, "plugin", "disable", "recollect@recollect")
    uninstall("claude-code", machine)
    left = {path.name for path in (machine.home / ".claude").rglob("*.json")}
    assert not Path(machine.home / ".claude" / "plugins" / "installed_plugins.json").exists()
    assert "settings.json" not in left
