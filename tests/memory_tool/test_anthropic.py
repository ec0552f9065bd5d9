"""The real SDK drives the tool against a scripted server: every command, every refusal, sync and async."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from anthropic import Anthropic, AsyncAnthropic
from anthropic.lib.tools import ToolError
from tests.memory_tool.messages_api import MessagesApi, messages_api

from recollect import AsyncMemory, Memory
from recollect.errors import InvalidInput
from recollect.memory_tool.anthropic import AsyncRecollectMemoryTool, RecollectMemoryTool
from recollect.testing.embedder import FakeEmbedder

A, B = "/memories/prefs/a.md", "/memories/b.md"
ASKED: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 1024,
    "messages": [{"role": "user", "content": "Remember that I prefer tabs."}],
}
TURNS: list[list[dict[str, Any]]] = [
    [{"command": "view", "path": "/memories"}],
    [{"command": "create", "path": A, "file_text": "- prefers tabs\n- lives in 柏林\n"}],
    [
        {"command": "str_replace", "path": A, "old_str": "柏林", "new_str": "里斯本"},
        {"command": "insert", "path": A, "insert_line": 0, "insert_text": "# Alice"},
        {"command": "create", "path": A, "file_text": "again"},
    ],
    [{"command": "view", "path": A, "view_range": [1, 2]}, {"command": "rename", "old_path": A, "new_path": B}],
    [{"command": "view", "path": A}, {"command": "view", "path": B}, {"command": "delete", "path": "/memories"}],
    [{"command": "view", "path": "/memories/../etc"}, {"command": "forget"}, {"command": "view"}, {}],
    [{"command": "create", "path": "/memories/\ud800", "file_text": "\ud800"}],
    [{"command": "delete", "path": "/memories/\ufffd"}],
]
ANSWERS = [
    (
        "Here're the files and directories up to 2 levels deep in /memories, excluding hidden items:\n0B\t/memories",
        False,
    ),
    (f"File created successfully at: {A}", False),
    (
        "The memory file has been edited. Here is the snippet showing the change (with line numbers):\n"
        "     1\t- prefers tabs\n     2\t- lives in 里斯本\n     3\t",
        False,
    ),
    (f"The file {A} has been edited.", False),
    (f"File {A} already exists", True),
    (f"Here's the content of {A} with line numbers:\n     1\t# Alice\n     2\t- prefers tabs", False),
    (f"Successfully renamed {A} to {B}", False),
    (f"The path {A} does not exist. Please provide a valid path.", True),
    (
        f"Here's the content of {B} with line numbers:\n"
        "     1\t# Alice\n     2\t- prefers tabs\n     3\t- lives in 里斯本\n     4\t",
        False,
    ),
    ("Cannot delete the /memories directory itself", True),
    ("Path /memories/../etc would escape /memories directory", True),
    ("Unknown command: forget", True),
    ("The `path` parameter is missing. It should be text.", True),
    ("The `command` parameter is missing. It should be text.", True),
    ("File created successfully at: /memories/\ufffd", False),
    ("Successfully deleted /memories/\ufffd", False),
]


def check(server: MessagesApi) -> None:
    assert server.requests[0]["tools"] == [{"type": "memory_20250818", "name": "memory"}]
    assert server.results() == ANSWERS
    assert len(server.requests) == len(TURNS) + 1


def test_the_sync_runner_drives_the_whole_script(home: Path) -> None:
    with messages_api(*TURNS) as server, Memory(home, embed=FakeEmbedder()) as memory:
        tool = RecollectMemoryTool(memory, user_id="alice")
        with Anthropic(api_key="k", base_url=server.url) as client:
            message = client.beta.messages.tool_runner(**ASKED, tools=[tool]).until_done()
        assert message.stop_reason == "end_turn"
        check(server)
        (hit,) = memory.search("what does Alice prefer?", user_id="alice")
        assert hit.memory.title == B


async def test_the_async_runner_drives_the_whole_script(home: Path) -> None:
    with messages_api(*TURNS) as server:
        async with AsyncMemory(home, embed=FakeEmbedder()) as memory:
            tool = AsyncRecollectMemoryTool(memory, user_id="alice")
            async with AsyncAnthropic(api_key="k", base_url=server.url) as client:
                runner = client.beta.messages.tool_runner(**ASKED, tools=[tool])
                message = await runner.until_done()
            assert message.stop_reason == "end_turn"
            check(server)
            (hit,) = await memory.search("what does Alice prefer?", user_id="alice")
            assert hit.memory.title == B


def test_a_tool_opens_a_home_of_its_own_and_closes_it(home: Path) -> None:
    given = {"command": "create", "path": A, "file_text": "kept"}
    with RecollectMemoryTool(home=home, user_id="alice") as tool:
        assert tool.call(given) == f"File created successfully at: {A}"
    with pytest.raises(ToolError, match="This memory is closed"):
        tool.call(given)
    with RecollectMemoryTool(home=home, user_id="alice", project_id="other") as tool:
        assert tool.call(given) == f"File created successfully at: {A}"
        assert tool.clear_all_memory() == "All memory cleared"
    with RecollectMemoryTool(home=home, user_id="alice", cache_control={"type": "ephemeral"}) as tool:
        assert tool.to_dict().get("cache_control") == {"type": "ephemeral"}
        with pytest.raises(ToolError, match="already exists"):
            tool.call(given)
    with pytest.raises(ToolError, match="This memory is closed"):
        tool.clear_all_memory()


async def test_an_async_tool_opens_a_home_of_its_own_and_closes_it(home: Path) -> None:
    given = {"command": "create", "path": A, "file_text": "kept"}
    async with AsyncRecollectMemoryTool(home=home, agent_id="claude") as tool:
        assert await tool.call(given) == f"File created successfully at: {A}"
        assert await tool.clear_all_memory() == "All memory cleared"
    for work in (tool.call(given), tool.clear_all_memory()):
        with pytest.raises(ToolError, match="This memory is closed"):
            await work


def test_a_memory_that_was_given_stays_open(home: Path) -> None:
    with Memory(home, embed=FakeEmbedder()) as memory:
        with RecollectMemoryTool(memory) as tool:
            tool.call({"command": "create", "path": A, "file_text": "kept"})
        assert memory.stats().memories == 1


async def test_an_async_memory_that_was_given_stays_open(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder()) as memory:
        async with AsyncRecollectMemoryTool(memory) as tool:
            await tool.call({"command": "create", "path": A, "file_text": "kept"})
        assert (await memory.stats()).memories == 1


def test_a_tool_of_two_minds_or_of_nobody_is_refused_before_anything_is_opened(home: Path) -> None:
    with Memory(home, embed=FakeEmbedder()) as memory, pytest.raises(InvalidInput, match="Both"):
        RecollectMemoryTool(memory, home=home)
    for kind in (RecollectMemoryTool, AsyncRecollectMemoryTool):
        with pytest.raises(InvalidInput, match="agent_id"):
            kind(home=home / "never", agent_id="")
    assert not (home / "never").exists()


def test_each_command_may_be_called_by_itself(home: Path) -> None:
    from anthropic.types.beta import BetaMemoryTool20250818ViewCommand as View  # noqa: PLC0415

    with RecollectMemoryTool(home=home) as tool:
        assert tool.view(View(command="view", path="/memories")).endswith("0B\t/memories")
