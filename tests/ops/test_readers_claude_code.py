"""Claude Code transcripts: what is taken, what is left out, how tool calls are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recollect.agents.observation import condense
from recollect.errors import InvalidInput
from recollect.models import Role
from recollect.ops.readers.claude_code import read
from recollect.ops.readers.spoken import Fault, Spoken

PYTEST = "Ran `pytest -q`: 1 failed, 4 passed in 0.31s"
COMMIT = "Ran `git commit`: [main 1f3a9c2] Two"
COMMON = {
    "sessionId": "s-1",
    "cwd": "/home/mei/lantern",
    "gitBranch": "main",
    "version": "2.1.328",
    "isSidechain": False,
}
TIME = "2026-11-20T08:16:26.238Z"


def line(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "timestamp": TIME, "uuid": f"u-{len(fields)}", **COMMON, **fields}


def prompt(text: Any, prompt_id: str = "p-1", **fields: Any) -> dict[str, Any]:
    return line("user", promptId=prompt_id, message={"role": "user", "content": text}, **fields)


def block(message_id: str, **content: Any) -> dict[str, Any]:
    return line("assistant", message={"id": message_id, "role": "assistant", "model": "m", "content": [content]})


def call(message_id: str, call_id: str, name: str, **given: Any) -> dict[str, Any]:
    return block(message_id, type="tool_use", id=call_id, name=name, input=given)


def answer(call_id: str, content: Any, *, error: bool = False) -> dict[str, Any]:
    result = {"type": "tool_result", "tool_use_id": call_id, "content": content, "is_error": error}
    return line("user", promptId="p-1", message={"role": "user", "content": [result]}, toolUseResult={"stdout": "x"})


SESSION = [
    {"type": "queue-operation", "operation": "enqueue", "sessionId": "s-1", "content": "please fix"},
    {"type": "summary", "summary": "Fixing the importer", "leafUuid": "x"},
    prompt("please fix the importer"),
    block("msg_1", type="thinking", thinking="hm"),
    block("msg_1", type="text", text="I will look."),
    call("msg_1", "t1", "Read", file_path="/home/mei/lantern/src/x.py"),
    call("msg_1", "t2", "Bash", command="pytest -q", description="Run tests"),
    {"type": "api-request-blob", "messages": ["please fix the importer"] * 9, "sessionId": "s-1"},
    answer("t1", "1\tsecret source\n2\tmore"),
    answer("t2", "Exit code 1\n....F\nE   AssertionError: assert 1 == 2\nlong output", error=True),
    call("msg_2", "t3", "Edit", file_path="/home/mei/lantern/src/x.py", old_string="1", new_string="2"),
    answer("t3", "The file has been updated"),
    call("msg_3", "t4", "TodoWrite", todos=[]),
    answer("t4", "ok"),
    block("msg_4", type="text", text="Fixed."),
    block("msg_4", type="text", text="Tests pass."),
    prompt("This session is being continued", isCompactSummary=True, isVisibleInTranscriptOnly=True),
    prompt("<local-command-caveat>x</local-command-caveat>", isMeta=True),
    prompt("<command-name>/compact</command-name>\n<command-args></command-args>"),
    prompt("<local-command-stdout>Compacted</local-command-stdout>"),
    prompt("<task-notification>done</task-notification>"),
    {**prompt("of no known type"), "type": ["user"]},
    {"type": "attachment", "attachment": {"type": "hook_success"}, **COMMON},
    prompt([{"type": "text", "text": "谢谢"}, {"type": "image", "source": {}}], "p-2"),
]


def written(path: Path, lines: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)}\n" for item in lines)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def items(tmp_path: Path) -> list[Spoken]:
    found = list(read(written(tmp_path / "s-1.jsonl", SESSION)))
    assert all(isinstance(item, Spoken) for item in found)
    return [item for item in found if isinstance(item, Spoken)]


def test_what_was_said_and_done_comes_in_order(items: list[Spoken]) -> None:
    assert [(item.turn.role, item.turn.content, item.turn.message_id) for item in items] == [
        (Role.USER, "please fix the importer", "p-1"),
        (Role.ASSISTANT, "I will look.", "p-1"),
        (Role.TOOL, "Read src/x.py", "t1"),
        (Role.TOOL, "Ran `pytest -q` (Run tests): failed (exit 1): E   AssertionError: assert 1 == 2", "t2"),
        (Role.TOOL, "Edited src/x.py", "t3"),
        (Role.ASSISTANT, "Fixed.\n\nTests pass.", "p-1"),
        (Role.USER, "谢谢", "p-2"),
    ]


def test_each_item_says_where_it_comes_from(items: list[Spoken]) -> None:
    first = items[0]
    assert (first.conversation_id, first.project_id, first.title) == ("s-1", "lantern", "Fixing the importer")
    assert (first.line, first.source.client, first.source.message_id) == (3, "claude-code", "p-1")
    assert first.turn.occurred_at is not None
    assert first.turn.metadata == {"branch": "main", "line": 3}
    assert items[2].turn.metadata == {"tool": "Read", "branch": "main", "line": 6}


def test_a_broken_line_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    broken: list[Any] = [
        '{"type": "user", "mess', "[1, 2]", "\x00\x01binary", "[" * 100_000, '{"type": "user", "message": 5}',
        prompt(5), prompt("hello", timestamp="never"), prompt("still here"),
    ]  # fmt: skip
    found = list(read(written(tmp_path / "b.jsonl", broken)))
    faults = [item for item in found if isinstance(item, Fault)]
    assert [fault.line for fault in faults] == [1, 2, 3, 4, 5, 6, 7]
    assert all(fault.reason for fault in faults)
    assert [item.turn.content for item in found if isinstance(item, Spoken)] == ["still here"]


def test_a_tree_is_read_with_its_subagents_marked(tmp_path: Path) -> None:
    written(tmp_path / "-home-mei" / "s-1.jsonl", [prompt("main")])
    side = prompt("go and look", isSidechain=True, agentId="a1")
    written(tmp_path / "-home-mei" / "s-1" / "subagents" / "agent-a1.jsonl", [side])
    found = {item.turn.content: item for item in read(tmp_path) if isinstance(item, Spoken)}
    assert (found["main"].conversation_id, found["main"].agent_id) == ("s-1", "claude-code")
    assert (found["go and look"].conversation_id, found["go and look"].agent_id) == ("s-1/a1", "claude-code")


def test_a_call_without_an_answer_is_still_told(tmp_path: Path) -> None:
    (item,) = read(written(tmp_path / "s.jsonl", [call("m", "t", "Write", file_path="/tmp/a.txt", content="x")]))
    assert isinstance(item, Spoken)
    assert item.turn.content == "Wrote /tmp/a.txt"


def test_reading_is_lazy(tmp_path: Path) -> None:
    path = written(tmp_path / "s.jsonl", [prompt(f"prompt {number}") for number in range(3)])
    stream = read(path)
    first = next(stream)
    assert isinstance(first, Spoken)
    stream.close()  # type: ignore[attr-defined]


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        list(read(tmp_path / "none.jsonl"))


@pytest.mark.parametrize(
    ("tool", "given", "result", "failed", "told"),
    [
        ("Bash", {"command": "cat <<X\nsecret\nX"}, "", False, "Ran `cat <<X…`"),
        ("Bash", {"command": "make"}, "boom", True, "Ran `make`: failed: boom"),
        ("Bash", {"command": "x" * 900}, None, False, f"Ran `{'x' * 200}…`"),
        ("Grep", {"pattern": "TODO"}, "", False, "Searched for `TODO`"),
        ("Grep", {"pattern": "TODO", "path": "/w/src"}, "", False, "Searched for `TODO` in src"),
        ("mcp__mem__search", {"query": "dune"}, "{}", False, "Used mem search (query `dune`)"),
        ("mcp__recollect__search_memories", {"query": "dune"}, "", False, None),
        ("mcp__plugin_recollect_recollect__forget_memory", {"id": "x"}, "", False, None),
        ("Bash", {"command": "pytest -q"}, "F.\n=== 1 failed, 4 passed in 0.31s ===", False, PYTEST),
        ("Bash", {"command": "git commit"}, "[main 1f3a9c2] Two\n 1 file", False, COMMIT),
        ("Read", {"file_path": "a.txt"}, "4 passed in 0.31s", False, "Read a.txt"),
        ("Unknown", {"n": 5}, "", False, "Used Unknown"),
        ("AskUserQuestion", {}, 'Q="tabs?" A="tabs"', False, 'Asked the user: Q="tabs?" A="tabs"'),
        ("AskUserQuestion", {}, None, False, None),
        ("TodoWrite", {}, "", True, None),
        ("Read", {"file_path": 5}, "", False, "Read"),
    ],
)
def test_a_tool_call_is_told_in_one_line(
    tool: str, given: dict[str, Any], result: str | None, failed: bool, told: str | None
) -> None:
    said = condense(tool, given, result, failed=failed, cwd="/w")
    assert said == (told if told is None else told.rstrip())
