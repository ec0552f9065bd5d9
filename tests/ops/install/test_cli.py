"""`recollect install` and `recollect uninstall`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.ops.install.claude_mem_sample import sample
from tests.ops.install.conftest import Run, tree

from recollect.ops.install.clients import CLIENTS


@pytest.mark.parametrize("client", list(CLIENTS))
def test_a_client_is_installed_and_taken_out(client: str, user: Path, recollect: Run) -> None:
    shown = recollect("install", client, "--yes").output
    assert "installed in" in shown
    assert all(name in shown for name in tree(user))
    assert "nothing to do" in recollect("install", client, "--yes").output
    recollect("uninstall", client, "--yes")
    assert tree(user) == {}


def test_a_dry_run_writes_nothing(user: Path, recollect: Run) -> None:
    shown = recollect("install", "codex", "--dry-run").output
    assert "+[mcp_servers.recollect]" in shown
    assert not list(user.iterdir())
    recollect("install", "codex", "--yes")
    before = tree(user)
    assert "-[mcp_servers.recollect]" in recollect("uninstall", "codex", "--dry-run").output
    assert tree(user) == before


def test_where_nobody_can_be_asked_nothing_happens(user: Path, recollect: Run) -> None:
    assert "--yes" in recollect("install", "codex", code=2).output
    assert tree(user) == {}


def test_json_tells_every_file(user: Path, recollect: Run) -> None:
    said = json.loads(recollect("install", "gemini", "--yes", "--json").stdout)
    assert said["client"] == "gemini"
    assert said["applied"] is True
    assert [(file["path"], file["action"]) for file in said["files"]] == [
        (str(user / ".gemini" / "settings.json"), "create")
    ]
    assert said["files"][0]["diff"].startswith("--- /dev/null\n+++ ")
    gone = json.loads(recollect("uninstall", "gemini", "--yes", "--json").stdout)
    assert [file["action"] for file in gone["files"]] == ["remove"]


def test_a_broken_file_is_named_with_its_line(user: Path, recollect: Run) -> None:
    path = user / ".cursor" / "mcp.json"
    path.parent.mkdir()
    path.write_text('{\n  "mcpServers": {\n}\n')
    told = recollect("install", "cursor", "--yes", code=2).output
    assert f"{path}, line 4" in told.replace("\n", " ")
    assert list(tree(user)) == [".cursor/mcp.json"]


def test_uninstall_without_an_installation_has_nothing_to_do(user: Path, recollect: Run) -> None:
    for client in CLIENTS:
        assert "nothing to do" in recollect("uninstall", client, "--yes").output
    assert tree(user) == {}


def test_an_installation_whose_data_directory_is_gone_can_be_taken_out(user: Path, recollect: Run) -> None:
    path = user / ".gemini" / "settings.json"
    path.parent.mkdir()
    path.write_text('{"theme": "dark"}\n')
    recollect("install", "gemini", "--yes")
    for file in sorted((user / ".recollect").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    recollect("uninstall", "gemini", "--yes")
    left = json.loads(path.read_text())
    assert left["theme"] == "dark"
    assert "post.py" not in path.read_text()
    assert "recollect" not in left["mcpServers"]


def test_what_was_remembered_before_is_told_and_imported_when_wanted(user: Path, recollect: Run) -> None:
    sample(user / ".claude-mem" / "claude-mem.db")
    shown = recollect("install", "claude-code", "--yes").output
    assert "claude-mem's database: 2 observations, 1 session summaries, 3 user prompts" in shown
    assert "--backfill" in shown
    assert not (user / ".recollect" / "recollect.db").exists()
    said = json.loads(recollect("install", "claude-code", "--yes", "--backfill", "--json").stdout)
    assert said["files"] == []
    assert [offer["imported"]["new"] for offer in said["backfill"]] == [5]
    assert "5 there already" in recollect("install", "claude-code", "--backfill").output
    found = json.loads(recollect("search", "Singapore", "--json").stdout)
    assert found


@pytest.mark.slow
def test_it_asks_before_it_changes_anything(user: Path) -> None:
    """With a terminal at both ends, no is no and yes is yes."""
    pty = pytest.importorskip("pty")
    for answer, installed in (("n", False), ("y", True)):
        parent, child = pty.openpty()
        command = [sys.executable, "-c", "from recollect.cli.main import main; main()", "install", "codex"]
        with subprocess.Popen(command, stdin=child, stdout=child, stderr=child, env=dict(os.environ)) as process:
            os.close(child)
            os.write(parent, f"{answer}\n".encode())
            while True:
                try:
                    if not os.read(parent, 65536):
                        break
                except OSError:
                    break
            process.wait(timeout=60)
        os.close(parent)
        assert (user / ".codex" / "config.toml").exists() is installed
