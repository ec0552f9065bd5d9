"""A session belongs to the folder it was begun in, wherever its assistant walks."""

from __future__ import annotations

from pathlib import Path

import pytest

from recollect.agents.folder import begun_in, parents_of, project_in

FILE = "/home/mei/.claude/projects/-home-mei-my-web/s.jsonl"


@pytest.mark.parametrize(
    ("folder", "begun"),
    [
        ("/home/mei/my_web", "/home/mei/my_web"),
        ("/home/mei/my.web/src/deep", "/home/mei/my.web"),
        ("/tmp", "/tmp"),
        ("", ""),
        ("/" + "x/" * 500, "/" + "x/" * 500),
    ],
)
def test_the_transcripts_tell_where_it_began(folder: str, begun: str) -> None:
    assert begun_in(folder, parents_of(FILE)) == begun


def test_a_subagents_transcript_tells_it_too() -> None:
    side = FILE.replace("s.jsonl", "s/subagents/agent-a.jsonl")
    assert begun_in("/home/mei/my-web/src", parents_of(side)) == "/home/mei/my-web"


def test_a_windows_path_is_read_too() -> None:
    file = r"C:\Users\mei\.claude\projects\C--Users-mei-web\s.jsonl"
    assert begun_in(r"C:\Users\mei\web\src", parents_of(file)) == r"C:\Users\mei\web"


@pytest.mark.parametrize(
    ("folder", "project"),
    [
        ("", "default"),
        ("/nowhere/web", "web"),
        ("C:\\work\\web", "web"),
        ("web/", "web"),
        ("/a\x00b", "default"),
        ("x/a\x00b", "a-b"),
    ],
)
def test_a_folder_has_a_project(folder: str, project: str) -> None:
    assert project_in(folder) == project


def test_a_repository_is_one_project(tmp_path: Path) -> None:
    (tmp_path / "lantern" / ".git").mkdir(parents=True)
    (tmp_path / "lantern" / "src").mkdir()
    assert project_in(str(tmp_path / "lantern" / "src")) == "lantern"
