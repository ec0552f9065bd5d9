"""The same commands give the same words as the SDK's own tool over a local folder, success or refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from anthropic.lib.tools import BetaAbstractMemoryTool, ToolError
from anthropic.tools import BetaLocalFilesystemMemoryTool

from recollect import Memory
from recollect.memory_tool.anthropic import RecollectMemoryTool
from recollect.testing.embedder import FakeEmbedder

DIRECTORY = re.compile(r"(?<=hidden items:\n)[\d.]+[BKMG](?=\t)|^[\d.]+[BKMG](?=\t.*/$)", re.MULTILINE)
"""The size of a directory: on disk it is that of a list of names, and differs from one file system to another."""

NOTES = "# Notes\n\n- tabs, not spaces\n- 笔记 and 👩‍👩‍👧\n"
CRLF = "one\r\ntwo\r\nthree\r\n"

SCRIPT: list[dict[str, Any]] = [
    {"command": "view", "path": "/memories"},
    {"command": "create", "path": "/memories/notes.md", "file_text": NOTES},
    {"command": "create", "path": "/memories/notes.md", "file_text": "again"},
    {"command": "create", "path": "/memories", "file_text": "root"},
    {"command": "create", "path": "/memories/same.md", "file_text": NOTES},
    {"command": "create", "path": "/memories/empty.txt", "file_text": ""},
    {"command": "create", "path": "/memories/crlf.txt", "file_text": CRLF},
    {"command": "create", "path": "/memories/open end", "file_text": "a\nb"},
    {"command": "create", "path": "/memories/blank.txt", "file_text": "\n\n \n"},
    {"command": "create", "path": "/memories/.hidden", "file_text": "secretive"},
    {"command": "create", "path": "/memories/a/one.txt", "file_text": "x" * 1024},
    {"command": "create", "path": "/memories/a/b/two.txt", "file_text": "x" * 1536},
    {"command": "create", "path": "/memories/a/b/c/three.txt", "file_text": "x" * 3000},
    {"command": "create", "path": "/memories/a-b/four.txt", "file_text": "x" * 2048},
    {"command": "create", "path": "/memories/a.b/.git/config", "file_text": "hidden"},
    {"command": "create", "path": "/memories/项目/计划.md", "file_text": "先写测试。\n"},
    {"command": "create", "path": "/memories/a", "file_text": "a directory"},
    {"command": "create", "path": "/memories//x/./y.txt", "file_text": "odd"},
    {"command": "view", "path": "/memories"},
    {"command": "view", "path": "/memories/a"},
    {"command": "view", "path": "/memories/a/b"},
    {"command": "view", "path": "/memories/a.b"},
    {"command": "view", "path": "/memories/项目"},
    {"command": "view", "path": "/memories/nothing"},
    {"command": "view", "path": "/memories/notes.md/below"},
    {"command": "view", "path": "/memories/notes.md/"},
    {"command": "view", "path": "/memories/notes.md"},
    {"command": "view", "path": "/memories/empty.txt"},
    {"command": "view", "path": "/memories/crlf.txt"},
    {"command": "view", "path": "/memories/open end"},
    {"command": "view", "path": "/memories/blank.txt"},
    {"command": "view", "path": "/memories/.hidden"},
    {"command": "view", "path": "/memories/x/y.txt"},
    *(
        {"command": "view", "path": "/memories/notes.md", "view_range": lines}
        for lines in ([1, 2], [2, -1], [3, 3], [0, 2], [-5, 2], [4, 99], [9, 12], [4, 2], [1, 0], [1, -2], [2], None)
    ),
    {"command": "str_replace", "path": "/memories/notes.md", "old_str": "tabs", "new_str": "spaces"},
    {"command": "str_replace", "path": "/memories/notes.md", "old_str": "spaces", "new_str": "x"},
    {"command": "str_replace", "path": "/memories/notes.md", "old_str": "absent", "new_str": "x"},
    {"command": "str_replace", "path": "/memories/notes.md", "old_str": "", "new_str": "x"},
    {"command": "str_replace", "path": "/memories/notes.md", "old_str": "\n\n- ", "new_str": "\r\n\r\n* "},
    {"command": "str_replace", "path": "/memories/notes.md", "old_str": "笔记 and", "new_str": "第一行\n第二行\n"},
    {"command": "str_replace", "path": "/memories/notes.md", "old_str": "# Notes", "new_str": "# Notes"},
    {"command": "view", "path": "/memories/notes.md"},
    {"command": "str_replace", "path": "/memories/crlf.txt", "old_str": "two\r\n", "new_str": ""},
    {"command": "str_replace", "path": "/memories/empty.txt", "old_str": "", "new_str": "filled"},
    {"command": "view", "path": "/memories/empty.txt"},
    {"command": "str_replace", "path": "/memories/nothing", "old_str": "a", "new_str": "b"},
    {"command": "str_replace", "path": "/memories/a", "old_str": "a", "new_str": "b"},
    {"command": "str_replace", "path": "/memories", "old_str": "a", "new_str": "b"},
    {"command": "str_replace", "path": "/memories/notes.md/x", "old_str": "a", "new_str": "b"},
    {"command": "create", "path": "/memories/aaa", "file_text": "aaa\nb aa\n\naaaa"},
    {"command": "str_replace", "path": "/memories/aaa", "old_str": "aa", "new_str": "b"},
    {"command": "str_replace", "path": "/memories/aaa", "old_str": "aaaa", "new_str": "b"},
    *(
        {"command": "insert", "path": "/memories/crlf.txt", "insert_line": at, "insert_text": f"at {at}\n\n"}
        for at in range(-1, 7)
    ),
    {"command": "view", "path": "/memories/crlf.txt"},
    {"command": "create", "path": "/memories/new.txt", "file_text": ""},
    {"command": "insert", "path": "/memories/new.txt", "insert_line": 1, "insert_text": "no"},
    {"command": "insert", "path": "/memories/new.txt", "insert_line": 0, "insert_text": "first"},
    {"command": "insert", "path": "/memories/new.txt", "insert_line": 1, "insert_text": ""},
    {"command": "insert", "path": "/memories/open end", "insert_line": 2, "insert_text": "c\nd"},
    {"command": "view", "path": "/memories/new.txt"},
    {"command": "view", "path": "/memories/open end"},
    {"command": "insert", "path": "/memories/nothing", "insert_line": 0, "insert_text": "x"},
    {"command": "insert", "path": "/memories/a", "insert_line": 0, "insert_text": "x"},
    {"command": "rename", "old_path": "/memories/same.md", "new_path": "/memories/notes.md"},
    {"command": "rename", "old_path": "/memories/same.md", "new_path": "/memories/same.md"},
    {"command": "rename", "old_path": "/memories/same.md", "new_path": "/memories/a"},
    {"command": "rename", "old_path": "/memories/same.md", "new_path": "/memories"},
    {"command": "rename", "old_path": "/memories/same.md", "new_path": "/memories/deep/er/same.md"},
    {"command": "rename", "old_path": "/memories/same.md", "new_path": "/memories/other.md"},
    {"command": "rename", "old_path": "/memories", "new_path": "/memories/x"},
    {"command": "rename", "old_path": "/memories/a", "new_path": "/memories/moved/here"},
    {"command": "view", "path": "/memories/moved"},
    {"command": "view", "path": "/memories/moved/here/b/c/three.txt"},
    {"command": "view", "path": "/memories/a"},
    {"command": "delete", "path": "/memories/a"},
    {"command": "delete", "path": "/memories"},
    {"command": "delete", "path": "/memories/"},
    {"command": "delete", "path": "/memories/moved"},
    {"command": "delete", "path": "/memories/crlf.txt"},
    {"command": "view", "path": "/memories/crlf.txt"},
    {"command": "view", "path": "/memories"},
    {"command": "view", "path": "/etc/passwd"},
    {"command": "create", "path": "/memories/../escaped.txt", "file_text": "x"},
    {"command": "delete", "path": "/memories/../../etc"},
    {"command": "rename", "old_path": "/memories/notes.md", "new_path": "/tmp/notes.md"},
    {"command": "rename", "old_path": "/memories/notes.md", "new_path": "/memories/../notes.md"},
]  # fmt: skip


@pytest.fixture
def ours(home: Path) -> Iterator[RecollectMemoryTool]:
    with Memory(home, embed=FakeEmbedder()) as memory, RecollectMemoryTool(memory) as tool:
        yield tool


def said(tool: BetaAbstractMemoryTool, given: dict[str, Any]) -> str:
    try:
        return str(tool.call(given))
    except ToolError as error:
        return f"! {error.content}"


def test_every_command_is_answered_in_the_same_words(ours: RecollectMemoryTool, tmp_path: Path) -> None:
    theirs = BetaLocalFilesystemMemoryTool(str(tmp_path / "theirs"))
    for number, given in enumerate(SCRIPT):
        answers = [DIRECTORY.sub("*", said(tool, given)) for tool in (ours, theirs)]
        assert answers[0] == answers[1], (number, given)


def test_a_file_with_too_many_lines_is_refused_in_the_same_words(ours: RecollectMemoryTool, tmp_path: Path) -> None:
    theirs = BetaLocalFilesystemMemoryTool(str(tmp_path / "theirs"))
    for lines in (999_998, 999_999):
        given = {"command": "create", "path": f"/memories/{lines}.txt", "file_text": "\n" * lines}
        look = {"command": "view", "path": f"/memories/{lines}.txt"}
        assert said(ours, given) == said(theirs, given)
        assert said(ours, look) == said(theirs, look)
    too_long = said(ours, {"command": "view", "path": "/memories/999999.txt"})
    assert too_long == "! File /memories/999999.txt exceeds maximum line limit of 999,999 lines."


def test_where_we_differ_on_purpose(ours: RecollectMemoryTool, tmp_path: Path) -> None:
    theirs = BetaLocalFilesystemMemoryTool(str(tmp_path / "theirs"))
    for tool in (ours, theirs):
        said(tool, {"command": "create", "path": "/memories/a/b.txt", "file_text": "x"})
    inside = {"command": "view", "path": "/memories/a/../a/b.txt"}
    assert said(theirs, inside).startswith("Here's the content")
    assert said(ours, inside) == "! Path /memories/a/../a/b.txt would escape /memories directory"
    beside = {"command": "create", "path": "/memoriesx", "file_text": "x"}
    assert said(theirs, beside) == "File created successfully at: /memoriesx"
    assert said(ours, beside) == "! Path must start with /memories, got: /memoriesx"
    assert said(ours, {"command": "view", "path": "/memories/"}).endswith("\n1B\t/memories/a/\n1B\t/memories/a/b.txt")
    last = {"command": "delete", "path": "/memories/a/b.txt"}
    assert said(ours, last) == said(theirs, last)
    empty = {"command": "view", "path": "/memories/a"}
    assert said(theirs, empty).endswith("\t/memories/a")
    assert said(ours, empty) == "! The path /memories/a does not exist. Please provide a valid path."
