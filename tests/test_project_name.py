"""Work in a folder belongs to the project that its git repository, or else the folder, is named for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.capture.identifier import identifier
from recollect.project_name import LONGEST, project_of


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_a_folder_without_a_repository_is_its_own_project(tmp_path: Path) -> None:
    assert project_of(str(made(tmp_path / "notes"))) == "notes"


def test_a_folder_that_is_not_there_is_named_too(tmp_path: Path) -> None:
    assert project_of(str(tmp_path / "gone" / "deep")) == "deep"


def test_every_folder_of_a_repository_is_its_project(tmp_path: Path) -> None:
    made(tmp_path / "shop" / ".git")
    below = made(tmp_path / "shop" / "src" / "deep")
    assert project_of(str(below)) == project_of(str(tmp_path / "shop")) == "shop"


def test_the_innermost_repository_counts(tmp_path: Path) -> None:
    made(tmp_path / "outer" / ".git")
    inner = made(tmp_path / "outer" / "vendor" / "inner")
    made(inner / ".git")
    assert project_of(str(inner)) == "inner"


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("bare", [False, True])
def test_a_worktree_is_part_of_the_main_repository(tmp_path: Path, bare: bool) -> None:
    main = tmp_path / ("shop.git" if bare else "shop")
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    source = tmp_path / "source"
    for command in (
        ["init", "--quiet", str(source)],
        ["-C", str(source), "commit", "--quiet", "--allow-empty", "-m", "x"],
        ["clone", "--quiet", *(["--bare"] if bare else []), str(source), str(main)],
        ["-C", str(main), "worktree", "add", "--quiet", "-b", "fix", str(tmp_path / "fix-123")],
    ):
        subprocess.run(["git", *who, *command], check=True, capture_output=True)
    assert project_of(str(made(tmp_path / "fix-123" / "src"))) == "shop"


def test_a_submodule_is_a_project_of_its_own(tmp_path: Path) -> None:
    made(tmp_path / "outer" / ".git" / "modules" / "lib")
    lib = made(tmp_path / "outer" / "lib")
    (lib / ".git").write_text("gitdir: ../.git/modules/lib\n", encoding="utf-8")
    assert project_of(str(lib)) == "lib"


def test_the_hidden_folder_of_a_bare_repository_does_not_name_it(tmp_path: Path) -> None:
    made(tmp_path / "shop" / ".bare" / "worktrees" / "main")
    tree = made(tmp_path / "shop" / "main")
    (tree / ".git").write_text(f"gitdir: {tmp_path}/shop/.bare/worktrees/main\n", encoding="utf-8")
    assert project_of(str(tree)) == "shop"


@pytest.mark.parametrize("said", [b"", b"gitdir:", b"\xff\xfe", b"gitdir: \0/worktrees/x", b"x" * 9000])
def test_a_broken_git_file_makes_the_folder_the_project(tmp_path: Path, said: bytes) -> None:
    tree = made(tmp_path / "tree")
    (tree / ".git").write_bytes(said)
    assert project_of(str(tree)) == "tree"


def test_home_and_root_are_nobodys_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = made(tmp_path / "alice")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    assert project_of(str(home)) == project_of("~") == "default"
    assert project_of("/") == "default"
    made(home / ".git")
    assert project_of(str(home)) == "default"
    assert project_of(str(made(home / "shop"))) == "shop"


def test_a_link_leads_to_the_project_it_points_to(tmp_path: Path) -> None:
    made(tmp_path / "shop" / ".git")
    (tmp_path / "link").symlink_to(tmp_path / "shop")
    assert project_of(str(tmp_path / "link")) == "shop"


@pytest.mark.parametrize(
    ("name", "project"),
    [
        ("two\nlines", "two-lines"),
        ("tab\there", "tab-here"),
        ("网店", "网店"),
        (" blanks ", "blanks"),
        ("a\u200bb", "a-b"),
    ],
)
def test_what_a_projects_name_may_not_hold_is_replaced(tmp_path: Path, name: str, project: str) -> None:
    assert project_of(str(tmp_path / name)) == project


@given(st.text(max_size=600))
def test_any_path_gives_a_name_that_can_be_used(path: str) -> None:
    name = project_of(f"/nowhere/{path}")
    assert identifier(name, "project_id") == name
    assert len(name) <= LONGEST


def test_nothing_is_imported_that_python_has_not_loaded() -> None:
    script = (
        "import sys; before = set(sys.modules)\n"
        "import importlib.util as u; spec = u.spec_from_file_location('p', sys.argv[1])\n"
        "before = set(sys.modules); m = u.module_from_spec(spec); spec.loader.exec_module(m); m.project_of('.')\n"
        "print(*(set(sys.modules) - before - {'__future__'}))"
    )
    file = sys.modules["recollect.project_name"].__file__
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, str(file)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "", done.stderr
