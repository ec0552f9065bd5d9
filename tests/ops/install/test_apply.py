"""A plan is carried out as a whole or not at all, behind links, with the rights a file had."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ops.install.conftest import said, tree
from tests.ops.install.test_clients import install, plan_of, uninstall

from recollect.errors import ConfigError, Conflict, InvalidInput
from recollect.ops.install import apply, write
from recollect.ops.install.journal import installed, load, path_of
from recollect.ops.install.machine import Machine
from recollect.ops.install.plan import diff, undone

OWN = {"type": "command", "command": "say done"}


@pytest.fixture
def settings(machine: Machine) -> Path:
    """Gemini's settings, with a little in them."""
    path = machine.home / ".gemini" / "settings.json"
    path.parent.mkdir()
    path.write_text('{\n  "theme": "dark"\n}\n')
    return path


def test_a_link_stays_a_link(machine: Machine, settings: Path) -> None:
    real = machine.home / "dotfiles" / "gemini.json"
    real.parent.mkdir()
    settings.rename(real)
    settings.symlink_to(real)
    before = real.read_bytes()
    install("gemini", machine)
    assert settings.is_symlink()
    assert "recollect" in real.read_text()
    uninstall("gemini", machine)
    assert settings.is_symlink()
    assert real.read_bytes() == before


def test_a_link_to_nothing_is_followed(machine: Machine, settings: Path) -> None:
    settings.unlink()
    settings.symlink_to(machine.home / "dotfiles" / "new.json")
    install("gemini", machine)
    assert said(machine.home / "dotfiles" / "new.json")["mcpServers"]
    uninstall("gemini", machine)
    assert settings.is_symlink()
    assert tree(machine.home) == {}


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_rights_of_a_file_stay(mode: int, machine: Machine, settings: Path) -> None:
    settings.chmod(mode)
    install("gemini", machine)
    assert settings.stat().st_mode & 0o777 == mode
    uninstall("gemini", machine)
    assert settings.stat().st_mode & 0o777 == mode


def test_new_files_and_backups_are_private(machine: Machine, settings: Path) -> None:
    install("gemini", machine)
    install("codex", machine)
    own = [path for path in machine.data.rglob("*") if path.is_file()]
    assert own
    assert {path.stat().st_mode & 0o077 for path in [*own, machine.home / ".codex" / "config.toml"]} == {0}
    assert machine.data.stat().st_mode & 0o077 == 0


def test_the_backup_is_what_was_there(machine: Machine, settings: Path) -> None:
    before = settings.read_bytes()
    install("gemini", machine)
    backups = [path for path in path_of(machine.data, "gemini").parent.iterdir() if path.name.endswith("settings.json")]
    assert [path.read_bytes() for path in backups] == [before]
    assert installed(machine.data) == ["gemini"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{\n  "theme": "dark"\n  "x": 1\n}', "line 3"),
        ("[]", "line 1"),
        ('{"mcpServers": 3}', "`mcpServers` is not an object"),
        ('{"hooks": {"BeforeAgent": {}}}', "`hooks.BeforeAgent` is not a list"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name_and_line(
    text: str, told: str, machine: Machine, settings: Path
) -> None:
    settings.write_text(text)
    with pytest.raises(InvalidInput, match=told) as caught:
        plan_of("gemini", machine)
    assert str(settings) in caught.value.message
    assert settings.read_text() == text
    assert not machine.data.exists()


def test_bytes_that_are_no_text_are_refused(machine: Machine, settings: Path) -> None:
    settings.write_bytes(b'{\n"a": "\xff"}')
    with pytest.raises(InvalidInput, match="line 2: it is not UTF-8"):
        plan_of("gemini", machine)


def test_broken_toml_is_refused_with_its_line(machine: Machine) -> None:
    path = machine.home / ".codex" / "config.toml"
    path.parent.mkdir()
    path.write_text("a = 1\nb = \n")
    with pytest.raises(InvalidInput, match=r"config.toml: .*line 2"):
        plan_of("codex", machine)


def test_a_file_that_changed_in_between_stops_everything(machine: Machine, settings: Path) -> None:
    plan = plan_of("gemini", machine)
    settings.write_text('{"theme": "light"}')
    with pytest.raises(Conflict):
        apply.install(plan, machine.data)
    assert settings.read_text() == '{"theme": "light"}'
    assert load(machine.data, "gemini") is None


def test_when_one_file_cannot_be_written_none_is(
    machine: Machine, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(machine.home)
    real, written = write.put, list[Path]()

    def put(path: Path, data: bytes | None) -> None:
        if len(written) == 1 and path not in written:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        real(path, data)

    monkeypatch.setattr(apply, "put", put)
    with pytest.raises(OSError, match="No space"):
        install("cursor", machine)
    monkeypatch.undo()
    assert written
    assert tree(machine.home) == before
    assert load(machine.data, "cursor") is None
    assert not (machine.home / ".cursor").exists()


def test_others_hooks_beside_ours_stay(machine: Machine, settings: Path) -> None:
    settings.write_text(json.dumps({"hooks": {"BeforeAgent": [{"hooks": [OWN]}]}}))
    install("gemini", machine)
    now = said(settings)
    now["hooks"]["BeforeAgent"][1]["hooks"].append(OWN)
    now["hooks"]["AfterAgent"].insert(0, {"hooks": [OWN]})
    settings.write_text(json.dumps(now))
    uninstall("gemini", machine)
    assert said(settings)["hooks"] == {
        "BeforeAgent": [{"hooks": [OWN]}, {"hooks": [OWN]}],
        "AfterAgent": [{"hooks": [OWN]}],
    }


def test_a_changed_timeout_of_our_hook_does_not_keep_it(machine: Machine, settings: Path) -> None:
    install("gemini", machine)
    settings.write_text(settings.read_text().replace("30000", "9000"))
    uninstall("gemini", machine)
    assert said(settings) == {"theme": "dark"}


def test_a_hook_that_was_lost_is_entered_again_and_taken_out_to_the_byte(machine: Machine, settings: Path) -> None:
    before = settings.read_bytes()
    install("gemini", machine)
    now = said(settings)
    del now["hooks"]["AfterTool"]
    settings.write_text(json.dumps(now, indent=2) + "\n")
    assert install("gemini", machine).changes
    assert "AfterTool" in said(settings)["hooks"]
    uninstall("gemini", machine)
    assert settings.read_bytes() == before


def test_an_entry_of_that_name_comes_back(machine: Machine, settings: Path) -> None:
    text = '{"mcpServers": {"recollect": {"command": "mine"}}}\n'
    settings.write_text(text)
    install("gemini", machine)
    assert said(settings)["mcpServers"]["recollect"]["command"] != "mine"
    settings.write_text(settings.read_text().replace("\n", " \n"))
    uninstall("gemini", machine)
    assert said(settings) == json.loads(text)


def test_a_file_of_ours_that_was_changed_is_kept_as_a_copy(machine: Machine) -> None:
    install("opencode", machine)
    script = machine.home / ".config" / "opencode" / "plugins" / "recollect.js"
    script.write_text("// mine now\n")
    journal = load(machine.data, "opencode")
    assert journal is not None
    copies = apply.remove(undone(journal, write.read), machine.data)
    assert [copy.read_text() for copy in copies] == ["// mine now\n"]
    assert tree(machine.home) == {}


def test_a_file_that_its_user_removed_does_not_come_back(machine: Machine, settings: Path) -> None:
    install("gemini", machine)
    settings.unlink()
    uninstall("gemini", machine)
    assert not settings.exists()


def test_a_damaged_journal_is_told(machine: Machine) -> None:
    install("gemini", machine)
    path_of(machine.data, "gemini").write_text("{")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(machine.data, "gemini")


def test_the_diff_is_one_that_can_be_applied(machine: Machine, settings: Path) -> None:
    settings.write_bytes(b'{"theme": "dark"}')
    shown = diff(plan_of("gemini", machine).changes[0])
    assert shown.startswith(f"--- {settings}\n+++ {settings}\n@@ -1 +1 @@\n-")
    assert shown.count("\\ No newline at end of file") == 2


def test_what_somebody_added_to_our_entry_stays(machine: Machine, settings: Path) -> None:
    install("gemini", machine)
    now = said(settings)
    now["mcpServers"]["recollect"]["trust"] = True
    settings.write_text(json.dumps(now, indent=2))
    assert not plan_of("gemini", machine).changes
    moved = replace(machine, python="/other/python")
    install("gemini", moved)
    entry = said(settings)["mcpServers"]["recollect"]
    assert entry["trust"] is True
    assert entry["command"] == "/other/python"
    uninstall("gemini", moved)
    assert said(settings) == {"theme": "dark"}


def test_what_somebody_added_to_our_table_stays(machine: Machine) -> None:
    path = machine.home / ".codex" / "config.toml"
    install("codex", machine)
    path.write_text(path.read_text() + "startup_timeout_sec = 20 # slow disk\n\n[mcp_servers.recollect.env]\nA = '1'\n")
    assert not plan_of("codex", machine).changes
    install("codex", replace(machine, python="/other/python"))
    text = path.read_text()
    assert 'command = "/other/python"' in text
    assert "startup_timeout_sec = 20 # slow disk\n\n[mcp_servers.recollect.env]\nA = '1'\n" in text
    uninstall("codex", machine)
    assert tree(machine.home) == {}


def test_an_upgrade_in_a_changed_file_is_undone_to_the_byte_as_it_then_was(machine: Machine, settings: Path) -> None:
    install("gemini", machine)
    settings.write_text(settings.read_text().replace('"dark",', '"light", // brighter'))
    install("gemini", replace(machine, python="/other/python"))
    uninstall("gemini", machine)
    assert settings.read_text() == '{\n  "theme": "light" // brighter\n}\n'
