"""Whoever edits at the same time, in this process or in another one that may be killed: no edit is lost."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.memory_tool.conftest import Said
from tests.memory_tool.editor import PATH

from recollect import AsyncMemory, Memory
from recollect.memory_tool.anthropic import RecollectMemoryTool
from recollect.memory_tool.files import Files, scope_of
from recollect.models import Memory as Record
from recollect.testing.embedder import FakeEmbedder

EDITOR = Path(__file__).with_name("editor.py")
A, B = "/memories/a.md", "/memories/b.md"


def start(home: Path, name: str, edits: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(EDITOR), str(home), name, str(edits)], stdout=subprocess.PIPE, text=True
    )


def lines_in(home: Path) -> list[str]:
    with Memory(home, embed=FakeEmbedder(), worker=False) as memory, RecollectMemoryTool(memory) as tool:
        shown = tool.call({"command": "view", "path": PATH})
    return [line.split("\t", 1)[1] for line in str(shown).split("\n")[1:]]


async def test_no_edit_is_lost_among_many_at_once(tool: Callable[..., Said]) -> None:
    tools = [tool() for _ in range(4)]
    await tools[0]("create", A, "".join(f"<{number}>\n" for number in range(20)))
    edits = [tools[number % 4]("str_replace", A, f"<{number}>", f"[{number}]") for number in range(20)]
    inserts = [tools[number % 4]("insert", A, 0, f"new {number}") for number in range(20)]
    answers = await asyncio.gather(*edits, *inserts)
    assert all(answer.startswith("The ") for answer in answers), answers
    found = (await tools[1].text(A)).split("\n")
    assert sorted(found) == sorted([f"[{n}]" for n in range(20)] + [f"new {n}" for n in range(20)] + [""])


async def test_one_of_many_makes_a_file(memory: AsyncMemory, tool: Callable[..., Said]) -> None:
    answers = await asyncio.gather(*(tool()("create", A, f"by {number}") for number in range(20)))
    assert sorted(answers) == [f"! File {A} already exists"] * 19 + [f"File created successfully at: {A}"]
    assert await tool().text(A) == f"by {answers.index(f'File created successfully at: {A}')}"
    assert (await memory.stats()).memories == 1


async def test_one_of_many_moves_a_file_and_none_is_written_over(tool: Callable[..., Said]) -> None:
    for number in range(6):
        await tool()("create", f"/memories/{number}.md", f"{number}")
    answers = await asyncio.gather(*(tool()("rename", f"/memories/{number}.md", B) for number in range(6)))
    assert sorted(answer[0] for answer in answers) == ["!"] * 5 + ["S"]
    assert answers.count(f"! The destination {B} already exists") == 5
    shown = await tool()("view", "/memories")
    assert shown.count(".md") == 6


async def test_an_edit_that_comes_between_is_seen(memory: AsyncMemory, tool: Callable[..., Said]) -> None:
    mine, other = tool(), tool()
    await mine("create", A, "one two")
    tree, read = mine.files._tree, mine.files._tree.read

    async def read_late(path: str) -> Record | None:
        tree.read = read  # type: ignore[method-assign]
        item = await read(path)
        await other("str_replace", A, "two", "2")
        return item

    tree.read = read_late  # type: ignore[method-assign]
    assert (await mine("str_replace", A, "one", "1")).endswith("     1\t1 2")
    tree.read = read_late  # type: ignore[method-assign]
    await other("str_replace", A, "2", "two")
    refusal = f"! No replacement was performed, old_str `two` did not appear verbatim in {A}."
    assert await mine("str_replace", A, "two", "zwei") == refusal
    assert await mine.text(A) == "1 2"


async def test_an_endless_quarrel_ends_with_a_refusal(tool: Callable[..., Said]) -> None:
    mine, other = tool(), tool()
    await mine("create", A, "x")
    read, count = mine.files._tree.read, 0

    async def read_late(path: str) -> Record | None:
        nonlocal count
        count += 1
        item = await read(path)
        await other("insert", A, 0, f"{count}")
        return item

    mine.files._tree.read = read_late  # type: ignore[method-assign]
    busy = f"! The path {A} is being changed by others at this moment. Try again."
    assert await mine("insert", A, 0, "mine") == busy
    assert "mine" not in await other.text(A)


async def test_a_file_deleted_while_it_is_edited_or_moved_is_gone(
    memory: AsyncMemory, tool: Callable[..., Said]
) -> None:
    mine, other = tool(), tool()
    for command in (("insert", A, 0, "y"), ("rename", A, B)):
        await mine("create", A, "x")
        read, below = mine.files._tree.read, mine.files._tree.below

        async def late(path: str, then: Callable[[str], object] = read if command[0] == "insert" else below) -> object:
            found = await then(path)  # type: ignore[misc]
            await other("delete", A)
            return found

        name = "read" if command[0] == "insert" else "below"
        setattr(mine.files._tree, name, late)
        assert (await mine(*command)).startswith(f"! The path {A} does not exist")
        setattr(mine.files._tree, name, read if name == "read" else below)
    assert (await memory.stats()).memories == 0


def test_processes_that_edit_one_file_lose_nothing(home: Path) -> None:
    with start(home, "one", 25) as one, start(home, "two", 25) as two:
        told = [process.communicate(timeout=60)[0].splitlines() for process in (one, two)]
    assert [process.returncode for process in (one, two)] == [0, 0]
    assert [len(lines) for lines in told] == [25, 25]
    assert sorted(lines_in(home)) == sorted([*told[0], *told[1], "first", ""])


def test_what_was_acknowledged_is_there_after_a_kill(home: Path) -> None:
    told: list[str] = []
    for turn in range(3):
        with start(home, f"turn {turn}", 0) as process:
            assert process.stdout is not None
            seen = [process.stdout.readline() for _ in range(4)]
            process.send_signal(signal.SIGKILL)
            rest, _ = process.communicate(timeout=60)
        told += [line.strip() for line in [*seen, *rest.splitlines(keepends=True)] if line.endswith("\n")]
    found = lines_in(home)
    assert len(told) >= 12
    assert set(told) <= set(found)
    assert len(found) == len(set(found))
    assert len(found) <= len(told) + 3 + 2


async def test_a_tool_in_another_process_sees_the_files(home: Path) -> None:
    with start(home, "one", 1) as process:
        process.communicate(timeout=60)
    async with AsyncMemory(home, embed=FakeEmbedder()) as memory:
        assert await Said(Files(memory, scope_of(None, None, None))).text(PATH) == "one 0\nfirst\n"
        assert [hit.memory.title for hit in await memory.search("first")] == [PATH]
