"""Each client: what it is given, and that nothing is left of it when it is taken out again."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ops.install.conftest import said, tree
from tests.ops.install.jsonc import texts
from tests.ops.install.test_toml_edit import parsed
from tests.ops.install.test_toml_edit import texts as toml_texts

from recollect.ops.install import apply
from recollect.ops.install.clients import CLIENTS
from recollect.ops.install.enter import mentions_hook
from recollect.ops.install.journal import load
from recollect.ops.install.json_edit import Text
from recollect.ops.install.machine import Machine
from recollect.ops.install.plan import Plan, diff, planned, undone
from recollect.ops.install.wanted import Shared, SharedToml
from recollect.ops.install.write import read

ALL = pytest.mark.parametrize("client", list(CLIENTS))


def plan_of(client: str, machine: Machine, *, hooks: bool = True) -> Plan:
    return planned(CLIENTS[client](machine, read, hooks), load(machine.data, client), read)


def install(client: str, machine: Machine, *, hooks: bool = True) -> Plan:
    plan = plan_of(client, machine, hooks=hooks)
    apply.install(plan, machine.data)
    return plan


def uninstall(client: str, machine: Machine) -> Plan:
    journal = load(machine.data, client)
    assert journal is not None
    plan = undone(journal, read)
    apply.remove(plan, machine.data)
    return plan


@ALL
def test_what_is_installed_twice_changes_nothing(client: str, machine: Machine) -> None:
    assert install(client, machine).changes
    assert not plan_of(client, machine).changes


@ALL
def test_a_user_who_had_nothing_has_nothing_again(client: str, machine: Machine) -> None:
    install(client, machine)
    assert tree(machine.home)
    uninstall(client, machine)
    assert tree(machine.home) == {}
    assert not [path for path in machine.home.rglob("*") if machine.data not in (path, *path.parents)]
    assert load(machine.data, client) is None
    assert not list(machine.data.rglob("*.js*"))


@ALL
def test_without_hooks_no_hook_is_entered(client: str, machine: Machine) -> None:
    plan = install(client, machine, hooks=False)
    commands = [edit for edit in plan.edits if b"post.py" in (edit.after or b"")]
    assert not commands
    uninstall(client, machine)
    assert tree(machine.home) == {}


@ALL
def test_hooks_may_be_had_first_and_not_wanted_later(client: str, machine: Machine) -> None:
    install(client, machine)
    install(client, machine, hooks=False)
    assert not [name for name, data in tree(machine.home).items() if b"post.py" in data]
    uninstall(client, machine)
    assert tree(machine.home) == {}


@ALL
def test_nothing_but_what_was_shown_is_written(client: str, machine: Machine) -> None:
    plan = install(client, machine)
    shown = {edit.path for edit in plan.changes}
    own = {path for path in machine.data.rglob("*") if "installed" in path.parts}
    assert {path for path in machine.home.rglob("*") if path.is_file()} - own == shown
    assert all(diff(edit) for edit in plan.changes)


def test_every_hook_names_its_client_and_the_data_directory(machine: Machine) -> None:
    for client in ("codex", "gemini", "cursor", "vscode"):
        files = [edit.after or b"{}" for edit in plan_of(client, machine).edits if edit.path.suffix == ".json"]
        lines = [line for data in files for line in commands_in(json.loads(data))]
        assert len(lines) >= 6
        assert all(f"--client {client} " in line and f"--home {machine.data} " in line for line in lines)


def commands_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["command"]] if isinstance(value.get("command"), str) and mentions_hook(value["command"]) else []
        return [*own, *(line for held in value.values() for line in commands_in(held))]
    return [line for held in value for line in commands_in(held)] if isinstance(value, list) else []


def test_codex_has_hooks_and_the_server(machine: Machine) -> None:
    install("codex", machine)
    hooks = said(machine.home / ".codex" / "hooks.json")["hooks"]
    assert set(hooks) >= {"SessionStart", "UserPromptSubmit", "PostToolUse", "Stop"}
    assert "SessionEnd" not in hooks
    config = tomllib.loads((machine.home / ".codex" / "config.toml").read_text())
    assert config["mcp_servers"]["recollect"]["args"][-3:] == ["mcp", "--home", str(machine.data)]


def test_gemini_counts_milliseconds(machine: Machine) -> None:
    install("gemini", machine)
    settings = said(machine.home / ".gemini" / "settings.json")
    assert settings["hooks"]["BeforeAgent"][0]["hooks"][0]["timeout"] == 30_000
    assert settings["mcpServers"]["recollect"]["args"][-3] == "mcp"


def test_claude_code_knows_the_marketplace_and_the_plugin(machine: Machine) -> None:
    install("claude-code", machine)
    config, folder = machine.home / ".claude", machine.data / "plugins" / "claude-code"
    settings = said(config / "settings.json")
    assert settings["extraKnownMarketplaces"]["recollect"]["source"] == {"source": "directory", "path": str(folder)}
    assert settings["enabledPlugins"] == {"recollect@recollect": True}
    place = said(config / "plugins" / "installed_plugins.json")["plugins"]["recollect@recollect"][0]
    assert (Path(place["installPath"]) / ".claude-plugin" / "plugin.json").is_file()
    assert mentions_hook(said(Path(place["installPath"]) / "hooks" / "hooks.json"))


def test_a_time_that_the_client_brings_up_to_date_is_no_change(machine: Machine) -> None:
    install("claude-code", machine)
    path = machine.home / ".claude" / "plugins" / "known_marketplaces.json"
    path.write_text(path.read_text().replace("2026-05-01", "2027-01-01"))
    assert not plan_of("claude-code", machine).changes


def test_openclaw_takes_the_memory_slot_and_gives_it_back(machine: Machine) -> None:
    path = machine.home / ".openclaw" / "openclaw.json"
    path.parent.mkdir()
    path.write_text("{\n  // JSON5\n  plugins: { allow: ['x'], slots: { memory: 'memory-core' } },\n}\n")
    plan = install("openclaw", machine)
    assert any("memory-core" in note for note in plan.notes)
    plugins = Text(path.read_text(), five=True).value()["plugins"]
    assert plugins["slots"]["memory"] == "recollect"
    assert plugins["allow"] == ["x", "recollect"]
    assert plugins["load"]["paths"] == [str(machine.data / "plugins" / "openclaw")]
    path.write_text(path.read_text().replace("JSON5", "JSON 5"))
    uninstall("openclaw", machine)
    assert path.read_text() == "{\n  // JSON 5\n  plugins: { allow: ['x'], slots: { memory: 'memory-core' } },\n}\n"


def test_opencode_keeps_to_the_file_that_is_there(machine: Machine) -> None:
    path = machine.home / ".config" / "opencode" / "opencode.jsonc"
    path.parent.mkdir(parents=True)
    path.write_text('{\n  "theme": "x", // dark\n}\n')
    install("opencode", machine)
    assert path.read_text().startswith('{\n  "theme": "x", // dark\n  "mcp": {\n')
    assert not path.with_suffix(".json").exists()
    script = (path.parent / "plugins" / "recollect.js").read_text()
    assert json.dumps(str(machine.data)) in script


@pytest.mark.parametrize(
    ("client", "variable", "name"),
    [
        ("claude-code", "CLAUDE_CONFIG_DIR", "settings.json"),
        ("codex", "CODEX_HOME", "config.toml"),
        ("gemini", "GEMINI_CLI_HOME", ".gemini/settings.json"),
        ("vscode", "COPILOT_HOME", "hooks/recollect.json"),
        ("vscode", "VSCODE_PORTABLE", "user-data/User/mcp.json"),
        ("vscode", "XDG_CONFIG_HOME", "Code/User/mcp.json"),
        ("opencode", "OPENCODE_CONFIG_DIR", "plugins/recollect.js"),
        ("opencode", "OPENCODE_CONFIG", ""),
        ("opencode", "XDG_CONFIG_HOME", "opencode/opencode.json"),
        ("openclaw", "OPENCLAW_STATE_DIR", "openclaw.json"),
        ("openclaw", "OPENCLAW_HOME", ".openclaw/openclaw.json"),
        ("openclaw", "OPENCLAW_CONFIG_PATH", ""),
        ("claude-desktop", "XDG_CONFIG_HOME", "Claude/claude_desktop_config.json"),
    ],
)
def test_the_clients_own_variables_say_where(client: str, variable: str, name: str, machine: Machine) -> None:
    place = machine.home / "else where"
    other = Machine({**machine.environ, variable: str(place)}, "linux", machine.data, machine.python)
    assert place / name in {edit.path for edit in plan_of(client, other).edits}


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        ("darwin", "Library/Application Support/Claude"),
        ("win32", "AppData/Roaming/Claude"),
        ("linux", ".config/Claude"),
    ],
)
def test_programs_with_windows_are_found_on_each_system(platform: str, place: str, machine: Machine) -> None:
    other = Machine(machine.environ, platform, machine.data, machine.python)
    assert plan_of("claude-desktop", other).edits[0].path.parent == machine.home / place


CLAUDE_HOOK = "python -I -S /lib/recollect/hooks/post.py --client claude-code --event Stop"


@pytest.mark.parametrize("client", ["cursor", "vscode"])
def test_hooks_that_claude_codes_settings_hold_are_not_added_again(client: str, machine: Machine) -> None:
    path = machine.home / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"hooks": {"Stop": [{"hooks": [{"type": "command", "command": CLAUDE_HOOK}]}]}}))
    plan = install(client, machine)
    assert not [edit for edit in plan.edits if b"post.py" in (edit.after or b"")]
    assert any("captured twice" in note for note in plan.notes)
    assert any("captured twice" in note for note in plan_of("claude-code", machine).notes)


@pytest.mark.parametrize("client", ["cursor", "vscode"])
@pytest.mark.parametrize("text", ["", "{broken", '{"hooks": {"Stop": []}, "note": "recollect/hooks/post.py"}'])
def test_other_settings_of_claude_code_do_not_keep_hooks_away(client: str, text: str, machine: Machine) -> None:
    path = machine.home / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text(text)
    assert [edit for edit in plan_of(client, machine).edits if b"post.py" in (edit.after or b"")]


def test_a_hook_of_another_data_directory_gives_way(machine: Machine) -> None:
    install("cursor", machine)
    moved = Machine(machine.environ, "linux", machine.home / "moved", machine.python)
    apply.install(plan_of("cursor", moved), moved.data)
    hooks = said(machine.home / ".cursor" / "hooks.json")["hooks"]
    assert {len(found) for found in hooks.values()} == {1}
    assert str(moved.data) in hooks["stop"][0]["command"]


JSON_FILES = {
    "claude-code": [".claude/settings.json"],
    "codex": [".codex/hooks.json"],
    "gemini": [".gemini/settings.json"],
    "cursor": [".cursor/hooks.json", ".cursor/mcp.json"],
    "vscode": [".config/Code/User/mcp.json"],
    "opencode": [".config/opencode/opencode.json"],
    "openclaw": [".openclaw/openclaw.json"],
    "claude-desktop": [".config/Claude/claude_desktop_config.json"],
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("many")


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_whatever_was_in_the_files_is_there_again_to_the_byte(data: st.DataObject, places: Path) -> None:
    client = data.draw(st.sampled_from(sorted(JSON_FILES)))
    home = places / os.urandom(6).hex()
    machine = Machine({"HOME": str(home)}, "linux", home / ".recollect", "/py/python")
    for name in JSON_FILES[client]:
        text = data.draw(st.sampled_from(["", "\ufeff", "\n"]) | st.just("x")).replace("x", data.draw(texts()))
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(text.encode())
    if client == "codex":
        text = data.draw(toml_texts().filter(lambda text: parsed(text) is not None))
        (home / ".codex" / "config.toml").write_bytes(text.encode())
    before = tree(home)
    install(client, machine)
    assert not plan_of(client, machine).changes
    check_that_it_is_in(client, machine)
    uninstall(client, machine)
    assert tree(home) == before


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_of_files_that_were_changed_since_only_our_entries_go(data: st.DataObject, places: Path) -> None:
    client = data.draw(st.sampled_from(sorted(JSON_FILES)))
    home = places / os.urandom(6).hex()
    machine = Machine({"HOME": str(home)}, "linux", home / ".recollect", "/py/python")
    held: dict[str, Any] = {}
    for name in JSON_FILES[client]:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(data.draw(texts()).encode())
        held[name] = Text((home / name).read_text(), five=True).value()
    install(client, machine)
    for name in JSON_FILES[client]:
        with_more = Text((home / name).read_bytes().decode(), five=True).put(("later",), [1, {"a": None}])
        (home / name).write_bytes(with_more.said.encode())
    uninstall(client, machine)
    for name in JSON_FILES[client]:
        left = Text((home / name).read_bytes().decode(), five=True).value()
        left.pop("version", None)
        held[name].pop("version", None)
        assert left == {**held[name], "later": [1, {"a": None}]}


def check_that_it_is_in(client: str, machine: Machine) -> None:
    for file in CLIENTS[client](machine, read, True).files:
        if isinstance(file, Shared):
            value = Text(file.path.read_bytes().decode().removeprefix("\ufeff"), file.five).value()
            assert "recollect" in json.dumps(value)
        elif isinstance(file, SharedToml):
            assert tomllib.loads(file.path.read_text())["mcp_servers"]["recollect"] == dict(file.table.values)
